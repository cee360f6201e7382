import * as Plot from '@observablehq/plot';
import { capitalise, formatFigure, oneLine, type PrintedFigure, plural } from '../format.js';
import { type ColumnGroup, groupColumns, type MeanFigure, meanInterval, meanOver } from '../means.js';
import { type ResultTable, splitRuns, type TableColumn, type TableRow } from '../model.js';
import { html, type Markup } from './escape.js';
import { metricName } from './results-table.js';
import { cutLabel, drawSvg, labelLength, PLOT_WIDTH, TICKS } from './svg.js';

interface ForestPoint {
  readonly id: string;
  readonly control: boolean;
  readonly value: number | null;
  /** Ends of the 95 % interval over test examples. */
  readonly low: number;
  readonly high: number;
  /** Value minus and plus one standard deviation over seeds; both equal the value if there is no deviation. */
  readonly from: number;
  readonly to: number;
  readonly seeds: readonly number[];
  readonly text: string;
}

interface Forest {
  readonly title: string;
  readonly metric: string;
  readonly points: readonly ForestPoint[];
  readonly caption: Markup;
}

const LABEL_LENGTH = 18;
/** Most columns with plots in full. Beyond this, plots of single columns are folded and leave out single seeds. */
const MANY_COLUMNS = 12;

/** The range of everything drawn plus a margin; limited to 0 and 1 if all values lie between them. */
function plotDomain(points: readonly ForestPoint[]): [number, number] {
  const values = points.flatMap(({ value, low, high, from, to, seeds }) =>
    value === null ? [] : [low, high, from, to, ...seeds],
  );
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max((high - low) * 0.06, 0.01);
  const unit = low >= 0 && high <= 1;
  return unit ? [Math.max(0, low - margin), Math.min(1, high + margin)] : [low - margin, high + margin];
}

function createPoint({ id, control }: TableRow, figure: PrintedFigure & Pick<MeanFigure, 'measurements'>): ForestPoint {
  const { value, sd, measurements } = figure;
  const centre = value ?? 0;
  const [low, high] = meanInterval(measurements) ?? [centre, centre];
  const seeds = measurements.length > 1 ? measurements.map((one) => one.value) : [];
  const text = `${oneLine(id)}: ${value === null ? 'failed' : formatFigure(figure)}`;
  return { id, control, value, low, high, from: centre - (sd ?? 0), to: centre + (sd ?? 0), seeds, text };
}

function draw({ title, metric, points, caption }: Forest): Markup {
  const measured = points.filter(({ value }) => value !== null);
  const names = new Map(points.map(({ id }) => [id, cutLabel(id, LABEL_LENGTH)]));
  const longest = Math.max(...[...names.values()].map(labelLength));
  const domain = plotDomain(points);
  const marks = [false, true].flatMap((control) => {
    const rows = measured.filter((point) => point.control === control);
    const color = control ? 'var(--muted)' : 'var(--accent)';
    const seeds = rows.flatMap(({ id, seeds }) => seeds.map((value) => ({ id, value })));
    return [
      Plot.ruleY(rows, { y: 'id', x1: 'low', x2: 'high', stroke: color, strokeWidth: 1.5 }),
      Plot.ruleY(
        rows.filter(({ from, to }) => to > from),
        { y: 'id', x1: 'from', x2: 'to', stroke: color, strokeWidth: 5, strokeOpacity: 0.45 },
      ),
      Plot.dot(seeds, { y: 'id', x: 'value', r: 2.5, stroke: color, strokeOpacity: 0.7 }),
      Plot.dot(rows, {
        y: 'id',
        x: 'value',
        r: 4.5,
        fill: control ? 'var(--bg)' : color,
        stroke: color,
        strokeWidth: 2,
        title: 'text',
      }),
    ];
  });
  const svg = drawSvg(
    { title: `Forest plot of ${title}`, description: points.map(({ text }) => text).join('; ') },
    {
      width: PLOT_WIDTH,
      height: 46 + 24 * points.length,
      marginLeft: Math.round(16 + 6.8 * longest),
      marginRight: 18,
      marginTop: 6,
      marginBottom: 40,
      x: { domain, label: oneLine(metric, 22), labelAnchor: 'center', labelArrow: 'none', ticks: TICKS },
      y: { type: 'point', domain: points.map(({ id }) => id), label: null, tickSize: 0, padding: 0.6 },
      marks: [
        Plot.gridX({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.axisX({ ticks: TICKS, labelAnchor: 'center', labelArrow: 'none', labelOffset: 36 }),
        Plot.axisY({ tickSize: 0, label: null, tickFormat: (id: string) => names.get(id) ?? id }),
        ...marks,
        Plot.text(
          points.filter(({ value }) => value === null),
          { y: 'id', x: () => domain[0], text: () => '✗ failed', fill: 'var(--bad)', textAnchor: 'start' },
        ),
      ],
    },
  );
  return html`<figure>
<figcaption>${caption}</figcaption>
${svg}
</figure>
`;
}

const star = (columns: readonly TableColumn[]): string | false =>
  columns.some(({ synthetic }) => synthetic !== 'none') && '\u00a0*';

/** The forest plot of one column. @param withSeeds whether it shows single seeds. */
export function drawColumn(table: ResultTable, index: number, withSeeds: boolean): Markup {
  const column = table.columns[index]!;
  const protocol = column.words.title;
  const points = table.rows.flatMap((row) =>
    row.figures[index]!.status === 'none' ? [] : [createPoint(row, row.figures[index]!)],
  );
  return draw({
    title: `${column.task}, ${protocol}, ${column.metric}`,
    metric: column.metric,
    points: withSeeds ? points : points.map((point) => ({ ...point, seeds: [] })),
    caption: html`<bdi>${column.title}</bdi>${star([column])}
<small>${protocol}, ${metricName(column.words, column.metric)}, ${plural(column.n, 'test example')}</small>`,
  });
}

/** Plots the means over a modality's tasks, for the rows with a figure in each task. */
function drawMean(table: ResultTable, { columns, indices }: ColumnGroup): Markup | undefined {
  const [{ modality, words, metric }] = columns as [TableColumn];
  const points = table.rows.flatMap((row) => {
    const mean = meanOver(indices.map((i) => row.figures[i]!));
    return mean ? [createPoint(row, mean)] : [];
  });
  if (points.length === 0) return undefined;
  const name = `${capitalise(modality)}: mean over ${columns.length} tasks`;
  return draw({
    title: `${name}, ${words.title}, ${metric}`,
    metric,
    points,
    caption: html`<bdi>${name}</bdi>${star(columns)}
<small>${words.title}, ${metricName(words, metric)}; rows with a figure in each task</small>`,
  });
}

function drawModality(table: ResultTable, indices: readonly number[], fold: boolean): Markup {
  const modality = capitalise(table.columns[indices[0]!]!.modality);
  const means = groupColumns(table, indices).flatMap((group) => drawMean(table, group) ?? []);
  const single = html`<div class="plots">
${indices.map((i) => drawColumn(table, i, !fold))}</div>`;
  return html`<h3><bdi>${modality}</bdi></h3>
${means.length > 0 && html`<div class="plots means">\n${means}</div>\n`}${
  fold
    ? html`<details><summary>${plural(indices.length, 'plot')}, one for each task and protocol</summary>\n${single}</details>`
    : single
}
`;
}

/**
 * The section with one forest plot of the primary metric per task and protocol, by modality. If several tasks of a
 * modality share protocol and metric, a plot of their mean comes first.
 */
export function forestSection(table: ResultTable): Markup | undefined {
  if (table.columns.length === 0) return undefined;
  const spread = table.severalSeeds
    ? 'Large dot: mean over seeds; small dots: single seeds; thick line: one standard deviation over seeds to either side; thin line: 95 % interval over test examples (mean over seeds).'
    : 'Dot: primary metric; line: its 95 % interval.';
  const indices = table.columns.flatMap(({ rare }, i) => (rare ? [] : [i]));
  return html`<section><h2>Figures with their uncertainty</h2>
<p>${spread} Filled: methods; hollow and grey: controls. Each plot has its own scale. The interval of a mean over tasks
assumes that their test sets are independent.</p>
${splitRuns(indices, (i) => table.columns[i]!.modality).map((group) => drawModality(table, group, indices.length > MANY_COLUMNS))}</section>
`;
}
