import type { RecallCurve, RunResults } from '@medbench/core';
import * as Plot from '@observablehq/plot';
import { cellsAt } from '../cells.js';
import { formatCount, formatValue, oneLine } from '../format.js';
import type { ResultTable, TableColumn } from '../model.js';
import { html, type Markup } from './escape.js';
import { drawLegend, type Series, selectRows, seriesMarks } from './series.js';
import { drawSvg, PLOT_WIDTH, TICKS } from './svg.js';

const DIRECTIONS = [
  { key: 'imageToText', name: 'texts found for an image', among: 'texts' },
  { key: 'textToImage', name: 'images found for a text', among: 'images' },
] as const;
type Direction = (typeof DIRECTIONS)[number];

/** The mean over seeds at each k that all curves have. */
export function meanCurve(curves: readonly RecallCurve[], key: Direction['key']): { k: number; recall: number }[] {
  return (curves[0]?.k ?? []).flatMap((k) => {
    const values = curves.map((curve) => curve[key][curve.k.indexOf(k)]);
    if (values.some((value) => value === undefined)) return [];
    return [{ k, recall: values.reduce<number>((sum, value) => sum + value!, 0) / values.length }];
  });
}

interface RowCurves {
  readonly row: ResultTable['rows'][number];
  readonly curves: readonly RecallCurve[];
}

function figure(
  column: TableColumn,
  direction: Direction,
  withCurves: readonly RowCurves[],
  drawn: readonly RowCurves[],
): Markup {
  const series = drawn.map(({ row: { id, title, control }, curves }): Series => {
    const points = meanCurve(curves, direction.key).map(({ k, recall }) => ({
      x: k,
      y: recall,
      text: `${oneLine(id)}: recall@${k} ${formatValue(recall)}`,
    }));
    return { title, control, points };
  });
  const among = Math.max(...withCurves.flatMap(({ curves }) => curves.map((curve) => curve[direction.among])));
  const ks = series.flatMap(({ points }) => points.map(({ x }) => x));
  const descriptions = series.map(({ title, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last
      ? `${oneLine(title)} from ${formatValue(first.y)} at ${first.x} to ${formatValue(last.y)} at ${last.x}`
      : oneLine(title);
  });
  const svg = drawSvg(
    { title: `Recall at k of ${oneLine(column.task)}, ${direction.name}`, description: descriptions.join('; ') },
    {
      width: PLOT_WIDTH,
      height: 240,
      marginLeft: 48,
      marginRight: 20,
      marginTop: 26,
      marginBottom: 40,
      x: { type: 'log', domain: [1, Math.max(2, ...ks)] },
      y: { domain: [0, 1] },
      r: { type: 'identity' },
      symbol: { type: 'identity' },
      marks: [
        Plot.gridY({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.axisX(
          [...new Set(ks)].filter((k) => /^[15]0*$/.test(String(k))),
          {
            label: 'k, nearest candidates',
            labelAnchor: 'center',
            labelArrow: 'none',
            labelOffset: 36,
            tickFormat: formatCount,
          },
        ),
        Plot.axisY({ ticks: TICKS, label: 'recall@k', labelArrow: 'none' }),
        ...seriesMarks(series),
      ],
    },
  );
  const omitted = withCurves.filter(({ row }) => !row.control).length - series.filter(({ control }) => !control).length;
  return html`<figure class="recall">
<figcaption><bdi>${column.title}</bdi>${column.synthetic !== 'none' && '\u00a0*'} <small>${direction.name}, among ${formatCount(among)}</small></figcaption>
${svg}
${drawLegend(series, omitted)}
</figure>
`;
}

/** The section with recall over k for each column of retrieval; undefined if no cell has a curve. */
export function recallSection(results: RunResults, table: ResultTable): Markup | undefined {
  const figures = table.columns.flatMap((column, index) => {
    if (column.rare) return [];
    const withCurves = table.rows.flatMap((row): RowCurves[] => {
      const curves = cellsAt(results, row.id, column).flatMap(({ retrieval }) => retrieval ?? []);
      return curves.length > 0 ? [{ row, curves }] : [];
    });
    if (withCurves.length === 0) return [];
    const rows = selectRows(
      withCurves.map(({ row }) => row),
      index,
      false,
    );
    const drawn = rows.map((row) => withCurves.find((one) => one.row === row)!);
    return DIRECTIONS.map((direction) => figure(column, direction, withCurves, drawn));
  });
  if (figures.length === 0) return undefined;
  return html`<section><h2>Recall over the number of candidates</h2>
<p>Share of queries for which a right answer is among the k nearest, mean over seeds. Dashed and grey: controls.</p>
<div class="plots">
${figures}</div>
</section>
`;
}
