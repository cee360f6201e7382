/** How stored values become grey levels (PS3.3, C.11.1 and C.11.2). */
export interface Presentation {
  readonly slope: number;
  readonly intercept: number;
  readonly window?: { readonly center: number; readonly width: number; readonly shape: WindowShape };
  readonly lookup?: { readonly first: number; readonly values: Uint16Array; readonly bits: number };
  /** True for MONOCHROME1: the lowest value is white. */
  readonly inverted: boolean;
}

export type WindowShape = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/**
 * Converts stored values to 8-bit levels. Values are rescaled, then mapped by the window, otherwise by the lookup
 * table, otherwise from the least value to the greatest. Levels are rounded to the nearest, halves (within a billionth)
 * up.
 */
export function toLevels(stored: Int32Array, presentation: Presentation): Uint8Array {
  const { slope, intercept, inverted } = presentation;
  const scale = intensityScale(stored, presentation);
  const levels = new Uint8Array(stored.length);
  for (let i = 0; i < stored.length; i++) {
    const level = Math.floor(scale(stored[i]! * slope + intercept) * 255 + 0.5 + 1e-9);
    levels[i] = inverted ? 255 - level : level;
  }
  return levels;
}

/** Returns a function that maps a rescaled value to [0, 1]. */
function intensityScale(
  stored: Int32Array,
  { slope, intercept, window, lookup }: Presentation,
): (value: number) => number {
  if (window) {
    const { center: c, width: w, shape } = window;
    if (shape === 'SIGMOID') return (x) => 1 / (1 + Math.exp((-4 * (x - c)) / w));
    if (shape === 'LINEAR_EXACT') return (x) => clamp((x - c) / w + 0.5);
    // A width of 1 is a threshold.
    if (w === 1) return (x) => (x <= c - 0.5 ? 0 : 1);
    return (x) => clamp((x - (c - 0.5)) / (w - 1) + 0.5);
  }
  if (lookup) {
    const { first, values, bits } = lookup;
    const top = 2 ** bits - 1;
    const tableIndex = (x: number): number => Math.min(values.length - 1, Math.max(0, Math.round(x) - first));
    return (x) => clamp(values[tableIndex(x)]! / top);
  }
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of stored) {
    const x = value * slope + intercept;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return high > low ? (x) => (x - low) / (high - low) : () => 0;
}

const clamp = (x: number): number => Math.min(1, Math.max(0, x));
