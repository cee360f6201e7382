import type { CalibrationBins, RunResults } from '@medbench/core';
import * as Plot from '@observablehq/plot';
import { cellsAt, selectMeasurements, summarise } from '../cells.js';
import { capitalise, formatCount, formatValue, oneLine } from '../format.js';
import { type ResultTable, splitRuns, type TableColumn } from '../model.js';
import { html, type Markup } from './escape.js';
import { metricName } from './results-table.js';
import { drawLegend, type Series, type SeriesPoint, selectRows, seriesMarks } from './series.js';
import { drawSvg, PLOT_WIDTH, TICKS } from './svg.js';

/** Adds up the bins of several seeds; undefined without bins. */
export function poolBins(binsBySeed: readonly CalibrationBins[]): CalibrationBins | undefined {
  const [first] = binsBySeed;
  if (!first) return undefined;
  const sameLength = binsBySeed.filter(({ count }) => count.length === first.count.length);
  const sum = (term: (bins: CalibrationBins, b: number) => number): number[] =>
    first.count.map((_, b) => sameLength.reduce((total, bins) => total + term(bins, b), 0));
  const count = sum((bins, b) => bins.count[b]!);
  const weighted = sum((bins, b) => bins.count[b]! * bins.confidence[b]!);
  return {
    count,
    right: sum((bins, b) => bins.right[b]!),
    confidence: weighted.map((total, b) => (count[b] === 0 ? 0 : total / count[b]!)),
  };
}

function listPoints(id: string, { count, right, confidence }: CalibrationBins): SeriesPoint[] {
  const largest = Math.max(...count);
  return count.flatMap((n, b) => {
    if (n === 0) return [];
    const [x, y] = [confidence[b]!, right[b]! / n];
    const text = `${oneLine(id)}: confidence ${formatValue(x)}, right ${formatValue(y)}, ${formatCount(n)} examples`;
    return [{ x, y, text, r: 1.5 + 4 * Math.sqrt(n / largest) }];
  });
}

function plot(results: RunResults, table: ResultTable, column: TableColumn, index: number): Markup[] {
  const calibrated = table.rows.flatMap((row) => {
    const cells = cellsAt(results, row.id, column);
    const bins = poolBins(cells.flatMap(({ classification }) => classification?.calibration ?? []));
    return bins && !row.control ? [{ row, bins, ece: summarise(selectMeasurements(cells, 'ece')).value }] : [];
  });
  if (calibrated.length === 0) return [];
  const rows = calibrated.map(({ row }) => row);
  const drawn = new Set(selectRows(rows, index, column.words.metric(column.metric).lowerIsBetter));
  const series = calibrated
    .filter(({ row }) => drawn.has(row))
    .map(({ row: { id, title, control }, bins, ece }): Series => {
      const note = ece === null ? {} : { note: formatValue(ece) };
      return { title, control, points: listPoints(id, bins), ...note };
    });
  const descriptions = series.map(({ title, note }) => `${oneLine(title)}${note === undefined ? '' : ` ECE ${note}`}`);
  const label = `${oneLine(column.task)}, ${column.words.title}`;
  const svg = drawSvg(
    { title: `Reliability diagram of ${label}: share right by confidence`, description: descriptions.join('; ') },
    {
      width: PLOT_WIDTH,
      height: 300,
      marginLeft: 48,
      marginRight: 20,
      marginTop: 26,
      marginBottom: 40,
      x: { domain: [0, 1] },
      y: { domain: [0, 1] },
      r: { type: 'identity' },
      symbol: { type: 'identity' },
      marks: [
        Plot.gridX({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.gridY({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.axisX({ ticks: TICKS, label: 'confidence', labelAnchor: 'center', labelArrow: 'none', labelOffset: 36 }),
        Plot.axisY({ ticks: TICKS, label: 'share right', labelArrow: 'none' }),
        Plot.link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: 'var(--muted)', strokeDasharray: '4 3' }),
        ...seriesMarks(series),
      ],
    },
  );
  return [
    html`<figure class="calibration">
<figcaption><bdi>${column.title}</bdi>${column.synthetic !== 'none' && '\u00a0*'} <small>${column.words.title}; in the legend ${metricName(column.words, 'ece')}</small></figcaption>
${svg}
${drawLegend(series, calibrated.length - series.length)}
</figure>
`,
  ];
}

/** The section with a reliability diagram for each column of classification; undefined if no cell has bins. */
export function calibrationSection(results: RunResults, table: ResultTable): Markup | undefined {
  const modalities = splitRuns(
    table.columns.flatMap((column, i) => (column.rare ? [] : [{ column, i }])),
    ({ column }) => column.modality,
  ).flatMap((group) => {
    const plots = group.flatMap(({ column, i }) => plot(results, table, column, i));
    return plots.length === 0
      ? []
      : [html`<h3><bdi>${capitalise(group[0]!.column.modality)}</bdi></h3>\n<div class="plots">\n${plots}</div>\n`];
  });
  if (modalities.length === 0) return undefined;
  return html`<section><h2>Calibration</h2>
<p>How often a method is right at each level of confidence. Test examples of all seeds are sorted into 15 bins by the probability
of the predicted class; larger dots stand for more examples. On the dashed line confidence equals accuracy; below it a method is
overconfident.</p>
${modalities}</section>
`;
}
