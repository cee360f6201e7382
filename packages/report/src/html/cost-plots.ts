import type { RunResults, TrainingRecord } from '@medbench/core';
import * as Plot from '@observablehq/plot';
import { energyEstimate } from '../energy.js';
import { formatBytes, formatCount, formatEnergy, formatRank, formatSeconds, formatValue, oneLine } from '../format.js';
import type { ResultTable, TableRow } from '../model.js';
import { html, type Markup } from './escape.js';
import { placeLabels } from './label-places.js';
import { drawSvg, PLOT_WIDTH, TICKS } from './svg.js';
import { groupByMethod } from './training.js';

/** A cost of training, in the unit of its axis. */
interface Cost {
  readonly name: string;
  readonly measure: (record: TrainingRecord) => number | undefined;
  readonly format: (value: number) => string;
}

const COSTS: readonly Cost[] = [
  { name: 'training time, minutes', measure: ({ seconds }) => seconds / 60, format: (m) => formatSeconds(60 * m) },
  {
    name: 'energy, estimate, Wh',
    measure: (record) => energyEstimate(record).joules / 3600,
    format: (wh) => formatEnergy(3600 * wh),
  },
  {
    name: 'peak memory, GiB',
    measure: ({ peakMemory }) => peakMemory && peakMemory / 2 ** 30,
    format: (gib) => formatBytes(gib * 2 ** 30),
  },
  {
    name: 'trainable parameters, millions',
    measure: ({ parameters }) => parameters.trainable / 1e6,
    format: (m) => formatCount(1e6 * m),
  },
];

/** One number that measures the quality of a row. */
interface Quality {
  readonly name: string;
  readonly measure: (row: TableRow) => number | null;
  readonly format: (value: number) => string;
  readonly lowerIsBetter: boolean;
  readonly synthetic: boolean;
}

/**
 * Lists average rank and, for each protocol, the mean primary metric over the columns in which every method has a
 * figure.
 */
function listQualities(table: ResultTable, methods: readonly TableRow[]): Quality[] {
  const { columns } = table;
  const ranked = methods.every(({ rank }) => rank !== null);
  const ranks: Quality = {
    name: 'average rank, 1 is best',
    measure: ({ rank }) => rank,
    format: formatRank,
    lowerIsBetter: true,
    synthetic: columns.some(({ synthetic }) => synthetic !== 'none'),
  };
  const protocols = [...new Set(columns.map(({ protocol }) => protocol))].flatMap((protocol): Quality[] => {
    const protocolColumns = columns.flatMap((column, i) => {
      const complete = methods.every(({ figures }) => figures[i]!.value !== null);
      return column.protocol === protocol && !column.rare && complete ? [{ column, i }] : [];
    });
    const metrics = [...new Set(protocolColumns.map(({ column }) => column.metric))];
    // Different metrics cannot be averaged.
    if (metrics.length !== 1) return [];
    const { words } = protocolColumns[0]!.column;
    const name = `${words.title}: ${protocolColumns.length > 1 ? `mean ${metrics[0]} of ${protocolColumns.length} tasks` : metrics[0]}`;
    return [
      {
        name: oneLine(name, 44),
        measure: ({ figures }) =>
          protocolColumns.reduce((sum, { i }) => sum + figures[i]!.value!, 0) / protocolColumns.length,
        format: formatValue,
        lowerIsBetter: words.metric(metrics[0]!).lowerIsBetter,
        synthetic: protocolColumns.some(({ column }) => column.synthetic !== 'none'),
      },
    ];
  });
  return [...(ranked ? [ranks] : []), ...protocols];
}

const HEIGHT = 240;
const MARGINS = { marginLeft: 52, marginRight: 24, marginTop: 26, marginBottom: 40 };
/** Edges of a plot's area, in pixels. */
const FRAME = {
  left: MARGINS.marginLeft,
  right: PLOT_WIDTH - MARGINS.marginRight,
  top: MARGINS.marginTop,
  bottom: HEIGHT - MARGINS.marginBottom,
};
/** Radius of a dot and width of a digit, in pixels. */
const [RADIUS, DIGIT] = [4, 7];

interface CostPoint {
  readonly x: number;
  readonly y: number;
  readonly number: string;
  readonly text: string;
}

/** The points with room for their number, each with the position of the number in the units of the axes. */
function placeNumbers(
  points: readonly CostPoint[],
  domain: { readonly x: readonly number[]; readonly y: readonly number[] },
) {
  const [x0, x1] = domain.x as [number, number];
  const [y0, y1] = domain.y as [number, number];
  const [pixelsPerX, pixelsPerY] = [(FRAME.right - FRAME.left) / (x1 - x0), (FRAME.bottom - FRAME.top) / (y1 - y0)];
  const dots = points.map(({ x, y, number }) => ({
    x: FRAME.left + (x - x0) * pixelsPerX,
    y: FRAME.bottom - (y - y0) * pixelsPerY,
    width: DIGIT * number.length + 2,
  }));
  return placeLabels(dots, FRAME, RADIUS).flatMap((place, i) => {
    if (!place) return [];
    const far = Math.hypot(place.x - dots[i]!.x, place.y - dots[i]!.y) > 12;
    return [
      {
        ...points[i]!,
        toX: x0 + (place.x - FRAME.left) / pixelsPerX,
        toY: y0 + (FRAME.bottom - place.y) / pixelsPerY,
        far,
      },
    ];
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function scatter(
  methods: readonly TableRow[],
  records: ReadonlyMap<string, readonly TrainingRecord[]>,
  cost: Cost,
  quality: Quality,
): Markup[] {
  const points = methods.flatMap((row, i): CostPoint[] => {
    const values = records.get(row.id)!.flatMap((record) => cost.measure(record) ?? []);
    const y = quality.measure(row);
    if (values.length === 0 || y === null) return [];
    const x = mean(values);
    return [{ x, y, number: String(i + 1), text: `${oneLine(row.title)}: ${cost.format(x)}, ${quality.format(y)}` }];
  });
  if (points.length < 2) return [];
  const [low, high] = [Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y))];
  const margin = Math.max((high - low) * 0.12, 1e-3);
  const x = [0, 1.05 * Math.max(...points.map((point) => point.x))];
  const ends = [low - margin, high + margin];
  const y = quality.lowerIsBetter ? ends.toReversed() : ends;
  const numbers = placeNumbers(points, { x, y });
  const svg = drawSvg(
    { title: `${quality.name} against ${cost.name}`, description: points.map(({ text }) => text).join('; ') },
    {
      width: PLOT_WIDTH,
      height: HEIGHT,
      ...MARGINS,
      x: { domain: x },
      y: { domain: y },
      marks: [
        Plot.gridX({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.gridY({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.axisX({ ticks: TICKS, label: cost.name, labelAnchor: 'center', labelArrow: 'none', labelOffset: 36 }),
        Plot.axisY({ ticks: TICKS, label: null }),
        Plot.link(
          numbers.filter(({ far }) => far),
          { x1: 'x', y1: 'y', x2: 'toX', y2: 'toY', strokeOpacity: 0.35 },
        ),
        Plot.text(numbers, {
          ...{ x: 'toX', y: 'toY', text: 'number', fontSize: 11 },
          ...{ fill: 'currentColor', stroke: 'var(--bg)', strokeWidth: 3 },
        }),
        Plot.dot(points, { x: 'x', y: 'y', r: RADIUS, fill: 'var(--accent)', title: 'text' }),
      ],
    },
  );
  const unplaced = points.length - numbers.length;
  return [
    html`<figure class="cost">
<figcaption><bdi>${quality.name}</bdi>${quality.synthetic && '\u00a0*'} <small>against ${cost.name}; up is better${
      unplaced > 0 && `; no room for ${unplaced === 1 ? 'one number' : `${unplaced} numbers`}`
    }</small></figcaption>
${svg}
</figure>
`,
  ];
}

/** Plots of quality against cost, with a number for each trained row; undefined if there are fewer than two rows. */
export function costPlots(results: RunResults, table: ResultTable): Markup | undefined {
  const records = new Map(groupByMethod(results).map((trainings) => [trainings[0]!.method, trainings]));
  const methods = table.rows.filter(({ id, control }) => !control && records.has(id));
  const qualities = listQualities(table, methods);
  if (methods.length < 2 || qualities.length === 0) return undefined;
  const [time, ...others] = COSTS;
  const plots = [
    ...qualities.flatMap((quality) => scatter(methods, records, time!, quality)),
    ...others.flatMap((cost) => scatter(methods, records, cost, qualities[0]!)),
  ];
  if (plots.length === 0) return undefined;
  return html`<h3>Quality against cost</h3>
<p>Means over seeds. The numbers in the plots:</p>
<ol class="legend numbered">${methods.map(({ title }, i) => html`<li>${i + 1} <bdi>${title}</bdi></li>`)}</ol>
<div class="plots">
${plots}</div>
`;
}
