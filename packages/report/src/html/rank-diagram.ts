import * as Plot from '@observablehq/plot';
import { findCliques } from '../cliques.js';
import { formatRank, oneLine, plural } from '../format.js';
import type { ResultTable } from '../model.js';
import { html, type Markup } from './escape.js';
import { drawSvg, PLOT_WIDTH } from './svg.js';

const LABEL_LENGTH = 18;
/** Key of the scale bar among the rows; rows have digits as keys. */
const SCALE = '\u0000';

/** Assigns a lane to each bar so that bars in a lane do not overlap; uses as few lanes as possible. */
function assignLanes(bars: readonly (readonly [number, number])[]): number[] {
  const ends: number[] = [];
  return bars.map(([first, last]) => {
    const free = ends.findIndex((end) => end < first);
    const lane = free >= 0 ? free : ends.length;
    ends[lane] = last;
    return lane;
  });
}

function diagram(table: ResultTable): Markup | undefined {
  const { ranks, level } = table.statistics ?? {};
  if (!ranks || level === undefined) return undefined;
  const methods = [...ranks.methods].sort((a, b) => a.rank - b.rank);
  const values = methods.map(({ rank }) => rank);
  const significant = ranks.pValue < level;
  // If Friedman's test finds no difference at all, pairs are not compared: one bar connects all methods.
  const cliques: [number, number][] = significant
    ? findCliques(values, ranks.criticalDifference)
    : [[0, methods.length - 1]];
  const lanes = assignLanes(cliques);
  const laneWidth = Math.min(8, 96 / Math.max(1, ...lanes.map((lane) => lane + 1)));
  const names = methods.map(({ id }) => oneLine(id, LABEL_LENGTH));
  const longest = Math.max(...names.map((name) => [...name].length));
  const rows = methods.map(({ rank }, i) => ({ row: String(i), rank, text: `${names[i]}: ${formatRank(rank)}` }));
  const end = Math.max(methods.length, 1 + ranks.criticalDifference);
  const connected = cliques.map(([first, last]) => `${names[first]} to ${names[last]}`).join('; ') || 'none';
  const svg = drawSvg(
    {
      title: `Average ranks of ${plural(methods.length, 'method')} over ${plural(ranks.columns, 'column')}`,
      description: `1 is best. ${rows.map(({ text }) => text).join('; ')}. Critical difference ${ranks.criticalDifference.toFixed(
        2,
      )}. Connected, not significantly different: ${connected}.`,
    },
    {
      width: PLOT_WIDTH,
      height: 62 + 22 * (rows.length + 1),
      marginLeft: Math.round(16 + 6.8 * longest),
      marginRight: Math.round(16 + laneWidth * Math.max(0, ...lanes.map((lane) => lane + 1))),
      marginTop: 8,
      marginBottom: 40,
      x: { domain: [1, end] },
      y: { type: 'point', domain: [SCALE, ...rows.map(({ row }) => row)], padding: 0.6 },
      marks: [
        Plot.gridX({ ticks: 5, strokeOpacity: 0.15 }),
        Plot.axisX({
          ticks: 5,
          label: 'average rank, 1 is best',
          labelAnchor: 'center',
          labelArrow: 'none',
          labelOffset: 36,
        }),
        Plot.axisY({ tickSize: 0, label: null, tickFormat: (row: string) => names[Number(row)] ?? 'CD' }),
        Plot.ruleY([{ row: SCALE, from: 1, to: 1 + ranks.criticalDifference }], {
          y: 'row',
          x1: 'from',
          x2: 'to',
          stroke: 'currentColor',
          strokeWidth: 2,
        }),
        Plot.ruleX([1, 1 + ranks.criticalDifference], {
          x: (value: number) => value,
          y1: () => SCALE,
          y2: () => SCALE,
          insetTop: -5,
          insetBottom: -5,
          stroke: 'currentColor',
          strokeWidth: 2,
        }),
        ...cliques.map(([first, last], i) =>
          Plot.ruleX([{ first: String(first), last: String(last) }], {
            x: () => end,
            y1: 'first',
            y2: 'last',
            dx: 10 + laneWidth * lanes[i]!,
            stroke: 'var(--accent)',
            strokeWidth: Math.min(4, laneWidth - 2),
            insetTop: -5,
            insetBottom: -5,
          }),
        ),
        Plot.dot(rows, { y: 'row', x: 'rank', r: 4.5, fill: 'var(--accent)', title: 'text' }),
      ],
    },
  );
  return html`<figure class="ranks">
<figcaption>Average ranks
<small>CD: critical difference ${ranks.criticalDifference.toFixed(2)}, the distance at which two ranks differ significantly</small></figcaption>
${svg}
</figure>`;
}

/** The section with the rank diagram; undefined if methods were not ranked. */
export function rankSection(table: ResultTable): Markup | undefined {
  const figure = diagram(table);
  if (!figure) return undefined;
  return html`<section><h2>Ranks</h2>
<p>Dot: average rank of a method over the columns that all methods have. A bar on the right connects methods that are not
significantly different from each other (Nemenyi, 5 %)${
    table.statistics!.ranks!.pValue < table.statistics!.level
      ? '.'
      : ': all of them, since Friedman’s test finds no difference among them.'
  }</p>
<div class="plots">
${figure}
</div>
</section>
`;
}
