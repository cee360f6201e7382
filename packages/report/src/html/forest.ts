import * as Plot from '@observablehq/plot';
import { capitalised, formatFigure, oneLine, plural, protocolTitle } from '../format.js';
import { type Column, type ResultTable, runsOf } from '../model.js';
import { html, type Markup } from './escape.js';
import { metricName } from './results-table.js';
import { drawSvg, PLOT_WIDTH, TICKS } from './svg.js';

interface Point {
  readonly id: string;
  readonly control: boolean;
  readonly value: number | null;
  readonly low: number;
  readonly high: number;
  readonly seeds: readonly number[];
  readonly text: string;
}

const LABEL_LENGTH = 18;

/** The range of all that is drawn, a little wider, and never beyond 0 and 1 where all values lie between them. */
function domainOf(points: readonly Point[]): [number, number] {
  const values = points.flatMap(({ value, low, high, seeds }) => (value === null ? [] : [low, high, ...seeds]));
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max((high - low) * 0.06, 0.01);
  const unit = low >= 0 && high <= 1;
  return unit ? [Math.max(0, low - margin), Math.min(1, high + margin)] : [low - margin, high + margin];
}

function pointsOf(table: ResultTable, index: number): Point[] {
  return table.rows.flatMap(({ id, control, figures }) => {
    const figure = figures[index]!;
    if (figure.status === 'none') return [];
    const { value, sd, interval, measurements } = figure;
    const at = value ?? 0;
    const [low, high] = sd !== null ? [at - sd, at + sd] : (interval ?? [at, at]);
    const seeds = measurements.length > 1 ? measurements.map((one) => one.value) : [];
    const text = `${oneLine(id)}: ${value === null ? 'failed' : formatFigure(figure)}`;
    return [{ id, control, value, low, high, seeds, text }];
  });
}

function forest(table: ResultTable, column: Column, index: number): Markup {
  const points = pointsOf(table, index);
  const measured = points.filter(({ value }) => value !== null);
  const label = `${column.task}, ${protocolTitle(column.protocol)}, ${column.metric}`;
  const names = new Map(points.map(({ id }) => [id, oneLine(id, LABEL_LENGTH)]));
  const longest = Math.max(...[...names.values()].map((name) => [...name].length));
  const domain = domainOf(points);
  const marks = [false, true].flatMap((control) => {
    const rows = measured.filter((point) => point.control === control);
    const color = control ? 'var(--muted)' : 'var(--accent)';
    const seeds = rows.flatMap(({ id, seeds }) => seeds.map((value) => ({ id, value })));
    return [
      Plot.ruleY(rows, { y: 'id', x1: 'low', x2: 'high', stroke: color, strokeWidth: 2 }),
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
  const svg = drawSvg(`Forest plot of ${label}. ${points.map(({ text }) => text).join('; ')}`, {
    width: PLOT_WIDTH,
    height: 46 + 24 * points.length,
    marginLeft: Math.round(16 + 6.6 * longest),
    marginRight: 18,
    marginTop: 6,
    marginBottom: 40,
    x: { domain, label: oneLine(column.metric, 40), labelAnchor: 'center', labelArrow: 'none', ticks: TICKS },
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
  });
  return html`<figure>
<figcaption>${column.title}${column.synthetic !== 'none' && ' *'}
<small>${protocolTitle(column.protocol)}, ${metricName(column.metric)}, ${plural(column.n, 'test example')}</small></figcaption>
${svg}
</figure>
`;
}

/** The section with one forest plot per task and protocol, of the primary metric. */
export function forestSection(table: ResultTable): Markup | undefined {
  if (table.columns.length === 0) return undefined;
  const spread = table.severalSeeds
    ? 'Large dot: mean over seeds; line: one standard deviation to either side; small dots: single seeds.'
    : 'Dot: primary metric; line: its 95 % interval.';
  const indices = table.columns.flatMap(({ rare }, i) => (rare ? [] : [i]));
  return html`<section><h2>Figures with their uncertainty</h2>
<p>${spread} Filled: methods; hollow and grey: controls. Each plot has its own scale.</p>
${runsOf(indices, (i) => table.columns[i]!.modality).map(
  (part) => html`<h3>${capitalised(table.columns[part[0]!]!.modality)}</h3>
<div class="plots">
${part.map((i) => forest(table, table.columns[i]!, i))}</div>
`,
)}</section>
`;
}
