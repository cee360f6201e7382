import * as Plot from '@observablehq/plot';
import { findCliques } from '../cliques.js';
import { formatP, formatRank, plural } from '../format.js';
import type { ResultTable } from '../model.js';
import { html, type Markup } from './escape.js';
import { cutLabel, drawSvg, labelLength } from './svg.js';

const LABEL_LENGTH = 14;
const WIDTH = 400;
/** Width of a character of a label, its font being 11 pixels high. */
const CHARACTER = 6.3;
/** Heights in pixels: of the scale bar, the axis, a bar between methods, and a line of text. */
const SCALE = 8;
const AXIS = 34;
const LANE = 6;
const LINE = 15;
/** Approximate number of ticks of the axis, and the least room of one in pixels. */
const MOST_TICKS = 5;
const TICK = 32;

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

/** Where a method's label stands: the better half of the methods left of the axis, the worse half right of it. */
interface Place {
  readonly rank: number;
  readonly text: string;
  readonly y: number;
  /** The end of the axis at the label's side. */
  readonly end: number;
}

/** The critical-difference diagram of the average ranks; undefined if methods were not ranked. */
export function rankDiagram(table: ResultTable): Markup | undefined {
  const { ranks, level } = table.statistics ?? {};
  if (!ranks || level === undefined) return undefined;
  const methods = [...ranks.methods].sort((a, b) => a.rank - b.rank);
  const values = methods.map(({ rank }) => rank);
  // If Friedman's test finds no difference at all, pairs are not compared: one bar connects all methods.
  const cliques: [number, number][] =
    ranks.pValue < level ? findCliques(values, ranks.criticalDifference) : [[0, methods.length - 1]];
  const lanes = assignLanes(cliques);
  const top = AXIS + LANE * (1 + Math.max(0, ...lanes.map((lane) => lane + 1)));
  const names = methods.map(({ id }) => cutLabel(id, LABEL_LENGTH));
  const texts = methods.map(({ rank }, i) => `${names[i]}: ${formatRank(rank)}`);
  const end = Math.max(methods.length, 1 + ranks.criticalDifference);
  const half = Math.ceil(methods.length / 2);
  // Labels further down belong to methods further inside, so that no two lines cross.
  const places = methods.map(({ rank }, i): Place => {
    const left = i < half;
    const line = left ? i : methods.length - 1 - i;
    const number = formatRank(rank);
    const text = left ? `${names[i]}  ${number}` : `${number}  ${names[i]}`;
    return { rank, text, y: top + LINE * (line + 0.5), end: left ? 1 : end };
  });
  const margin = (side: readonly Place[]): number =>
    Math.round(10 + CHARACTER * Math.max(4, ...side.map(({ text }) => labelLength(text))));
  const label = { y: 'y', text: 'text', fontSize: 11, fill: 'currentColor' };
  const line = { stroke: 'currentColor', strokeOpacity: 0.45 };
  const [left, right] = [places.slice(0, half), places.slice(half)];
  const margins = { marginLeft: margin(left), marginRight: margin(right) };
  // Long labels leave little room for the axis.
  const room = WIDTH - margins.marginLeft - margins.marginRight;
  const ticks = Math.max(1, Math.min(MOST_TICKS, Math.floor(room / TICK)));
  const connected = cliques.map(([first, last]) => `${names[first]} to ${names[last]}`).join('; ') || 'none';
  return drawSvg(
    {
      title: `Average ranks of ${plural(methods.length, 'method')} over ${plural(ranks.columns, 'column')}`,
      description: `1 is best. ${texts.join('; ')}. Critical difference ${ranks.criticalDifference.toFixed(
        2,
      )}. Connected, not significantly different: ${connected}.`,
    },
    {
      width: WIDTH,
      height: top + LINE * half + 4,
      ...margins,
      marginTop: AXIS,
      marginBottom: 4,
      x: { domain: [1, end] },
      y: { type: 'identity', axis: null },
      marks: [
        Plot.axisX({ anchor: 'top', ticks, label: null }),
        Plot.ruleY([AXIS], { x1: 1, x2: end, stroke: 'currentColor' }),
        Plot.ruleY([SCALE], {
          x1: 1,
          x2: 1 + ranks.criticalDifference,
          stroke: 'currentColor',
          strokeWidth: 2,
        }),
        Plot.ruleX([1, 1 + ranks.criticalDifference], {
          x: (value: number) => value,
          y1: SCALE - 4,
          y2: SCALE + 4,
          stroke: 'currentColor',
          strokeWidth: 2,
        }),
        Plot.text(['CD'], { x: 1 + ranks.criticalDifference, y: SCALE, dx: 6, textAnchor: 'start', fontSize: 11 }),
        ...cliques.map(([first, last], i) =>
          Plot.ruleY([AXIS + LANE * (lanes[i]! + 1)], {
            x1: values[first]!,
            x2: values[last]!,
            stroke: 'var(--accent)',
            strokeWidth: 4,
            insetLeft: -4,
            insetRight: -4,
          }),
        ),
        Plot.ruleX(places, { x: 'rank', y1: AXIS, y2: 'y', ...line }),
        Plot.ruleY(places, { x1: 'rank', x2: 'end', y: 'y', ...line }),
        Plot.text(left, { ...label, x: 1, dx: -5, textAnchor: 'end' }),
        Plot.text(right, { ...label, x: end, dx: 5, textAnchor: 'start' }),
        Plot.dot(methods, { x: 'rank', y: AXIS, r: 3.5, fill: 'var(--accent)', title: (_, i) => texts[i]! }),
      ],
    },
  );
}

/** The section with the critical-difference diagram of the average ranks; undefined if methods were not ranked. */
export function rankSection(table: ResultTable): Markup | undefined {
  const svg = rankDiagram(table);
  const { ranks, level } = table.statistics ?? {};
  if (!svg || !ranks || level === undefined) return undefined;
  const none =
    ranks.pValue < level
      ? ''
      : `: all of them, since Friedman’s test finds no difference among them (p ${formatP(ranks.pValue)})`;
  return html`<section class="first"><h2>Ranks</h2>
<figure class="ranks">
${svg}
<figcaption><small>Average rank over ${plural(ranks.columns, 'column')}, 1 is best. CD: critical difference ${ranks.criticalDifference.toFixed(
    2,
  )}. A bar connects methods that are not significantly different (Nemenyi, 5 %)${none}.</small></figcaption>
</figure>
</section>
`;
}
