import type { TraceValue } from '@medbench/backend-trace';
import type { TensorSpec } from '@medbench/core';

/** Element types of values, as TensorFlow.js names them. */
export type ElementType = TensorSpec['dtype'];

/** A value of a program in StableHLO: an argument, or the result of an operation. */
export interface HloValue extends TraceValue {
  /** Name in the text, such as `%12` or `%arg3`. */
  readonly id: string;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** The value of all elements, if they are known to be equal. */
  readonly splat?: number;
  /** Whether the elements are bfloat16, where TensorFlow.js sees float32. */
  readonly low?: boolean;
  /** Whether this is an entry of the state, or a view of one. */
  readonly weight?: boolean;
}

/** A type as `typeText` writes it. */
export type HloType = TensorSpec & Pick<HloValue, 'low'>;

const ELEMENTS: Readonly<Record<ElementType, string>> = { float32: 'f32', int32: 'i32', bool: 'i1' };

/** A tensor type as StableHLO writes it, such as `tensor<2x3xf32>`. */
export const typeText = ({ shape, dtype, low }: HloType): string =>
  `tensor<${[...shape, low ? 'bf16' : ELEMENTS[dtype]].join('x')}>`;

/** Whether two shapes are equal. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((side, i) => side === b[i]);

function floatBits(value: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return `0x${view.getUint32(0).toString(16).padStart(8, '0').toUpperCase()}`;
}

/** The bits of a bfloat16, which are the first half of a float32's, rounded to nearest even. */
function lowBits(value: number): string {
  if (Number.isNaN(value)) return '0x7FC0';
  const bits = Number(floatBits(value));
  const rounded = Math.floor((bits + 0x7fff + (Math.floor(bits / 0x10000) & 1)) / 0x10000);
  return `0x${rounded.toString(16).padStart(4, '0').toUpperCase()}`;
}

/** One element as StableHLO writes it. Floats are written by their bits, which no rounding changes. */
export function elementText(value: number, { dtype, low }: Pick<HloType, 'dtype' | 'low'>): string {
  if (dtype === 'bool') return String(value !== 0);
  if (dtype === 'int32') return String(Math.trunc(value));
  return low ? lowBits(value) : floatBits(value);
}

/** The elements of a constant as StableHLO writes them between `dense<` and `>`. */
export function elementsText(data: Float32Array | Int32Array | Uint8Array, { shape, dtype }: TensorSpec): string {
  if (data.length === 0) return '';
  if (dtype !== 'bool') {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return `"0x${bytes.toString('hex').toUpperCase()}"`;
  }
  // Booleans have no form by bytes that all versions read alike.
  const nest = (axis: number, start: number, size: number): string => {
    if (axis === shape.length) return elementText(data[start]!, { dtype });
    const stride = size / shape[axis]!;
    const parts = Array.from({ length: shape[axis]! }, (_, i) => nest(axis + 1, start + i * stride, stride));
    return `[${parts.join(', ')}]`;
  };
  return nest(0, 0, data.length);
}
