import * as Plot from '@observablehq/plot';
import { plural } from '../format.js';
import type { TableRow } from '../model.js';
import { html, type Markup } from './escape.js';

/** Shapes of the dots of a plot's rows: rows differ in colour and in shape. */
const SHAPES = [
  { symbol: 'circle', glyph: '●' },
  { symbol: 'square', glyph: '■' },
  { symbol: 'triangle', glyph: '▲' },
  { symbol: 'diamond', glyph: '◆' },
  { symbol: 'cross', glyph: '✚' },
  { symbol: 'star', glyph: '★' },
] as const;

/** Most rows of one plot whose lines can be told apart. */
export const MOST_SERIES = SHAPES.length;

/** A point of a row's line, with its tooltip. */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Radius of its dot in pixels. */
  readonly r?: number;
}

/** One row in a plot of several rows. */
export interface Series {
  readonly title: string;
  readonly control: boolean;
  readonly points: readonly SeriesPoint[];
  /** Text after the row's name in the legend. */
  readonly note?: string;
}

/** Selects the methods with the best figures in a column, in the table's order, followed by all controls. */
export function selectRows(rows: readonly TableRow[], column: number, lowerIsBetter: boolean): TableRow[] {
  const methods = rows.filter(({ control }) => !control);
  const value = ({ figures }: TableRow): number => (figures[column]?.value ?? -Infinity) * (lowerIsBetter ? -1 : 1);
  const best = new Set([...methods].sort((a, b) => value(b) - value(a)).slice(0, MOST_SERIES));
  return [...methods.filter((row) => best.has(row)), ...rows.filter(({ control }) => control)];
}

/** Marks of a plot: methods as coloured lines with dots, controls as dashed grey lines. */
export function seriesMarks(series: readonly Series[]): Plot.Markish[] {
  const controls = series.filter(({ control }) => control);
  const methods = series.filter(({ control }) => !control);
  return [
    ...controls.map(({ points }) =>
      Plot.lineY(points, { x: 'x', y: 'y', stroke: 'var(--muted)', strokeDasharray: '3 3', strokeWidth: 1 }),
    ),
    ...methods.flatMap(({ points }, i) => {
      const colour = `var(--c${i % MOST_SERIES})`;
      return [
        Plot.lineY(points, { x: 'x', y: 'y', stroke: colour, strokeWidth: 1.5, strokeOpacity: 0.8 }),
        Plot.dot(points, {
          ...{ x: 'x', y: 'y', fill: colour, symbol: SHAPES[i % MOST_SERIES]!.symbol, title: 'text' },
          r: (point: SeriesPoint) => point.r ?? 3.5,
        }),
      ];
    }),
  ];
}

/** The legend of a plot. @param omitted number of methods that are not drawn. */
export function drawLegend(series: readonly Series[], omitted: number): Markup {
  const methods = series.filter(({ control }) => !control);
  const controls = series.filter(({ control }) => control);
  const nameWithNote = ({ title, note }: Series): Markup =>
    html`<bdi>${title}</bdi>${note !== undefined && ` ${note}`}`;
  return html`<ul class="legend">${methods.map(
    (one, i) =>
      html`<li><span class="c${i % MOST_SERIES}" aria-hidden="true">${SHAPES[i % MOST_SERIES]!.glyph}</span> ${nameWithNote(one)}</li>`,
  )}${controls.map((one) => html`<li><span class="grey" aria-hidden="true">┄</span> ${nameWithNote(one)}</li>`)}${
    omitted > 0 && html`<li>not drawn: ${plural(omitted, 'method')} with lower figures</li>`
  }</ul>`;
}
