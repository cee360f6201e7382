interface Drawn {
  readonly textContent: string | null;
  getAttribute(name: string): string | null;
}

/** Parses a number of an axis, which has a minus sign instead of a hyphen. */
const parseNumber = (text: string | null): number => (text ? Number(text.replace('−', '-')) : Number.NaN);

/** Returns a function that converts horizontal positions of a plot into values, by the tick labels of its axis. */
export function valueOnAxis(svg: {
  querySelectorAll(selector: string): Iterable<Drawn>;
}): (x: string | null) => number {
  const ticks = [...svg.querySelectorAll('g[font-variant="tabular-nums"] text')].flatMap((text) => {
    const position = /translate\(([-\d.]+)/.exec(text.getAttribute('transform') ?? '')?.[1];
    const value = parseNumber(text.textContent);
    return position !== undefined && Number.isFinite(value) ? [[value, Number(position)] as const] : [];
  });
  const [[v0, x0], [v1, x1]] = [ticks[0]!, ticks.at(-1)!];
  return (x) => v0 + ((Number(x) - x0) / (x1 - x0)) * (v1 - v0);
}
