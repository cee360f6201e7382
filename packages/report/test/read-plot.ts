interface Drawn {
  readonly textContent: string | null;
  getAttribute(name: string): string | null;
}

/** Numbers as an axis writes them: with a minus sign, not a hyphen. */
const parseNumber = (text: string | null): number => (text ? Number(text.replace('−', '-')) : Number.NaN);

/** How a plot's horizontal positions are read: by the tick labels of its own axis. */
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
