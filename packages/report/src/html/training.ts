import type { RunResults, TrainingRecord } from '@medbench/core';
import { thin } from '@medbench/runner/watch';
import * as Plot from '@observablehq/plot';
import { formatValue, oneLine, plural } from '../format.js';
import { splitRuns } from '../model.js';
import { html, type Markup } from './escape.js';
import { drawSvg, PLOT_WIDTH, TICKS } from './svg.js';

const MOST_POINTS = 300;

export const methodTitle = ({ methods }: RunResults, id: string): string =>
  methods.find((method) => method.id === id)?.title ?? id;

function drawCurve(results: RunResults, records: readonly TrainingRecord[]): Markup {
  const { method } = records[0]!;
  const points = records.flatMap(({ seed, curve }) =>
    thin(
      curve.filter(({ loss }) => Number.isFinite(loss)),
      MOST_POINTS,
    ).map((point) => ({ seed, ...point })),
  );
  const byClip = records.some(({ validation }) => validation?.loss === 'clip');
  const heldOut = records.flatMap(({ seed, validation }) =>
    thin(validation?.curve ?? [], MOST_POINTS).map((point) => ({ seed, ...point })),
  );
  const ends = records.flatMap(({ curve }) => {
    const [first, last] = [curve[0], curve.at(-1)];
    return first && last
      ? [`from ${formatLoss(first.loss)} at step ${first.step} to ${formatLoss(last.loss)} at step ${last.step}`]
      : [];
  });
  const caption = html`<figcaption><bdi>${methodTitle(results, method)}</bdi>
<small>${plural(records.length, 'seed')}${records.length > 1 && ', one line each'}${
    heldOut.length > 0 && `; dashed: ${byClip ? "CLIP's loss" : 'loss'} on validation pairs`
  }</small></figcaption>`;
  if (points.length === 0) return html`<figure>${caption}<p class="muted">No curve was recorded.</p></figure>\n`;
  const svg = drawSvg(
    { title: `Training loss of ${oneLine(method)}`, description: ends.join('; ') },
    {
      width: PLOT_WIDTH,
      height: 190,
      marginLeft: 48,
      marginRight: 20,
      marginTop: 26,
      marginBottom: 40,
      x: { ticks: TICKS },
      y: { ticks: TICKS, nice: true },
      marks: [
        Plot.gridY({ ticks: TICKS, strokeOpacity: 0.15 }),
        Plot.axisX({ ticks: TICKS, label: 'step', labelAnchor: 'center', labelArrow: 'none', labelOffset: 36 }),
        Plot.axisY({ ticks: TICKS, label: 'loss', labelArrow: 'none' }),
        Plot.lineY(points, { x: 'step', y: 'loss', z: 'seed', stroke: 'var(--accent)', strokeWidth: 1.5 }),
        Plot.lineY(heldOut, { x: 'step', y: 'loss', z: 'seed', stroke: 'currentColor', strokeDasharray: '4 3' }),
        ...(points.length === records.length
          ? [Plot.dot(points, { x: 'step', y: 'loss', fill: 'var(--accent)' })]
          : []),
      ],
    },
  );
  return html`<figure>
${caption}
${svg}
</figure>
`;
}

export const formatLoss = (loss: number | null): string => (loss === null ? '—' : formatValue(loss));

/** Training records grouped by row, in order of seed. */
export const groupByMethod = ({ training }: RunResults): TrainingRecord[][] => {
  const order = [...new Set(training.map(({ method }) => method))];
  const sorted = [...training].sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method) || a.seed - b.seed);
  return splitRuns(sorted, ({ method }) => method);
};

/** The section with loss over steps, one plot per trained row; undefined if nothing was trained. */
export function curvesSection(results: RunResults): Markup | undefined {
  if (results.training.length === 0) return undefined;
  return html`<section><h2>Learning curves</h2>
<p>Training loss over steps. Methods minimise different losses: compare shapes, not heights.</p>
<div class="plots">
${groupByMethod(results).map((records) => drawCurve(results, records))}</div>
</section>
`;
}
