import type { RunCell } from '@medbench/core';
import * as Plot from '@observablehq/plot';
import { formatSigned, formatSignedInterval, oneLine } from '../format.js';
import { html, type Markup } from '../html/escape.js';
import { drawSvg, PLOT_WIDTH, TICKS } from '../html/svg.js';
import type { ProtocolWordsLookup } from '../words.js';
import { describeTest, nameRows } from './model.js';

const LABEL_LENGTH = 18;

/** A difference with its interval, in a plot. */
export interface PlottedDifference {
  /** Label of its line; unique in a plot. */
  readonly id: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Whether it is drawn as found, filled. */
  readonly sure: boolean;
  /** The difference in words. */
  readonly text: string;
}

interface PlotTexts {
  readonly title: string;
  /** Label of the axis. */
  readonly axis: string;
  readonly caption: Markup;
}

/** Plots differences with their intervals, one per line; undefined without any. */
export function drawDifferences(
  points: readonly PlottedDifference[],
  { title, axis, caption }: PlotTexts,
): Markup | undefined {
  if (points.length === 0) return undefined;
  const names = new Map(points.map(({ id }) => [id, oneLine(id, LABEL_LENGTH)]));
  const longest = Math.max(...[...names.values()].map((name) => [...name].length));
  const ends = points.flatMap(({ low, high, value }) => [low, high, value]).filter(Number.isFinite);
  const reach = Math.max(0.01, ...ends.map(Math.abs)) * 1.08;
  const marks = [true, false].flatMap((sure) => {
    const drawn = points.filter((point) => point.sure === sure);
    const color = sure ? 'var(--accent)' : 'var(--muted)';
    return [
      Plot.ruleY(drawn, { y: 'id', x1: 'low', x2: 'high', stroke: color, strokeWidth: 1.5 }),
      Plot.dot(drawn, {
        y: 'id',
        x: 'value',
        r: 4.5,
        fill: sure ? color : 'var(--bg)',
        stroke: color,
        strokeWidth: 2,
        title: 'text',
      }),
    ];
  });
  const svg = drawSvg(
    {
      title,
      description: points.map(({ text }) => text).join('; '),
    },
    {
      width: PLOT_WIDTH,
      height: 46 + 24 * points.length,
      marginLeft: Math.round(16 + 6.8 * longest),
      marginRight: 18,
      marginTop: 6,
      marginBottom: 40,
      x: { domain: [-reach, reach] },
      y: { type: 'point', domain: points.map(({ id }) => id), padding: 0.6 },
      marks: [
        Plot.gridX({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.ruleX([0], { stroke: 'currentColor' }),
        Plot.axisX({
          ticks: TICKS,
          label: axis,
          labelAnchor: 'center',
          labelArrow: 'none',
          labelOffset: 36,
        }),
        Plot.axisY({ tickSize: 0, label: null, tickFormat: (id: string) => names.get(id) ?? id }),
        ...marks,
      ],
    },
  );
  return html`<figure>
<figcaption>${caption}</figcaption>
${svg}
</figure>
`;
}

/** Plots the differences of one column with their intervals, one line per tested row; undefined if none was tested. */
export function differencesPlot(
  cells: readonly RunCell[],
  level: number,
  words: ProtocolWordsLookup,
): Markup | undefined {
  const points = cells.flatMap((cell) =>
    cell.test && cell.difference !== null
      ? [
          {
            id: nameRows(cell),
            value: cell.difference,
            low: cell.test.ci95[0],
            high: cell.test.ci95[1],
            sure: cell.test.adjusted < level,
            text: `${oneLine(nameRows(cell))}: ${formatSigned(cell.difference)} ${formatSignedInterval(cell.test.ci95)}, ${describeTest(cell, level)}`,
          },
        ]
      : [],
  );
  const [first] = cells;
  if (!first) return undefined;
  const { title: protocol } = words(first.protocol);
  return drawDifferences(points, {
    title: `Differences in ${first.task}, ${protocol}, first run minus second`,
    axis: '← second better · first better →',
    caption: html`<bdi>${first.task}</bdi>\n<small>${protocol}, ${first.metric}</small>`,
  });
}
