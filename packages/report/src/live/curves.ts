import { html, type Markup } from '../html/escape.js';

// This file is also part of the page's script: it must not import what a browser lacks.

/** A line of the plot: the loss of one row under one seed, as far as it is. */
export interface PlottedCurve {
  readonly id: string;
  readonly row: string;
  readonly title: string;
  readonly seed: number;
  /** Number of the row's colour and shape; -1 is grey. */
  readonly look: number;
  readonly steps: number;
  readonly synthetic: boolean;
  readonly loss: readonly (readonly [step: number, loss: number])[];
  readonly validation: readonly (readonly [step: number, loss: number])[];
}

/** Size of the plot in pixels. */
export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

const COLOURS = 6;
const GLYPHS = ['●', '■', '▲', '◆', '✚', '★'] as const;
const MARGIN = { left: 46, right: 14, top: 24, bottom: 40 } as const;

/** Class of the colour of a row: rows of the same colour differ in shape. */
export const colourClass = (look: number): string => (look < 0 ? 'grey' : `c${look % COLOURS}`);

/** Shape of a row, at the end of its lines and in the legend. */
export const glyph = (look: number): string =>
  look < 0 ? '○' : GLYPHS[(look + Math.floor(look / COLOURS)) % GLYPHS.length]!;

/** About `count` round numbers from `low` to `high`. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const round = (value: number): number => Math.round(value * 100) / 100;

const formatTick = (value: number): string =>
  Math.abs(value) >= 10_000 ? `${Number((value / 1000).toPrecision(4))}k` : String(Number(value.toPrecision(6)));

const formatLoss = (loss: number): string => loss.toFixed(Math.abs(loss) < 10 ? 3 : 1);

/** Says in words how far a curve is. */
function describe({ title, seed, loss, validation }: PlottedCurve): string {
  const [last, valid] = [loss.at(-1), validation.at(-1)];
  if (!last) return `${title}, seed ${seed}: no step yet`;
  const more = valid ? `, validation ${formatLoss(valid[1])} after ${valid[0]} steps` : '';
  return `${title}, seed ${seed}: ${formatLoss(last[1])} at step ${last[0]}${more}`;
}

/**
 * Draws the losses over steps: solid lines for the training, dashed ones for the validation, a shape at the end of each
 * training.
 * @param curves those to show.
 * @returns SVG.
 */
export function drawCurves(curves: readonly PlottedCurve[], { width, height }: PlotSize): Markup {
  const points = curves.flatMap(({ loss, validation }) => [...loss, ...validation]);
  const plotted = points.map(([, loss]) => loss).filter(Number.isFinite);
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  const most = Math.max(1, ...curves.map(({ steps }) => steps), ...points.map(([step]) => step));
  const low = plotted.length > 0 ? plotted.reduce((a, b) => Math.min(a, b)) : 0;
  const high = plotted.length > 0 ? plotted.reduce((a, b) => Math.max(a, b)) : 1;
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  const [from, to] = [low - room, high + room];
  const x = (step: number): number => round(MARGIN.left + ((right - MARGIN.left) * step) / most);
  const y = (loss: number): number => round(bottom - ((bottom - MARGIN.top) * (loss - from)) / (to - from));
  const path = (line: PlottedCurve['loss']): string => {
    const finite = line.filter(([, loss]) => Number.isFinite(loss));
    const drawn = finite.map(([step, loss], i) => `${i === 0 ? 'M' : 'L'}${x(step)},${y(loss)}`).join('');
    // A line without a length is a dot.
    return finite.length === 1 ? `${drawn}h0` : drawn;
  };
  const yTicks = plotted.length > 0 ? ticks(from, to, 4) : [];
  const grid = yTicks.map(
    (value) =>
      html`<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/><text x="${MARGIN.left - 6}" y="${y(value)}" dy="0.32em" text-anchor="end">${formatTick(value)}</text>`,
  );
  const xTicks = ticks(0, most, Math.max(2, Math.floor((right - MARGIN.left) / 110))).filter(Number.isInteger);
  const axis = xTicks.map(
    (value) =>
      html`<line class="axis" x1="${x(value)}" x2="${x(value)}" y1="${bottom}" y2="${bottom + 4}"/><text x="${x(value)}" y="${bottom + 17}" text-anchor="${x(value) > right - 12 ? 'end' : 'middle'}">${formatTick(value)}</text>`,
  );
  const lines = curves.map((curve) => {
    const last = curve.loss.at(-1);
    return html`<g class="curve ${colourClass(curve.look)}">${
      curve.validation.length > 0 && html`<path class="validation" d="${path(curve.validation)}"/>`
    }<path d="${path(curve.loss)}"/>${
      last !== undefined &&
      Number.isFinite(last[1]) &&
      html`<text class="end" x="${x(last[0])}" y="${y(last[1])}" dy="0.35em" text-anchor="middle">${glyph(curve.look)}<title>${describe(curve)}</title></text>`
    }</g>`;
  });
  return html`<svg role="img" aria-labelledby="curves-title" aria-describedby="curves-desc" viewBox="0 0 ${width} ${height}" font-size="12" fill="currentColor">
<title id="curves-title">Loss by step</title><desc id="curves-desc">${
    curves.length === 0 ? 'No training has begun, or all are hidden.' : curves.map(describe).join('; ')
  }</desc>
${grid}<line class="axis" x1="${MARGIN.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>${axis}
<text x="${MARGIN.left - 40}" y="12">loss</text><text x="${(MARGIN.left + right) / 2}" y="${height - 5}" text-anchor="middle">step</text>
${lines}${
  curves.length === 0 &&
  html`<text x="${(MARGIN.left + right) / 2}" y="${(MARGIN.top + bottom) / 2}" text-anchor="middle">${'no curve to show'}</text>`
}</svg>`;
}

/** The legend: a button for each row, which shows or hides its lines. */
export function drawCurveLegend(curves: readonly PlottedCurve[], hidden: ReadonlySet<string>): Markup {
  const rows = [...new Map(curves.map((curve) => [curve.row, curve])).values()];
  return html`${rows.map(
    ({ row, title, look, synthetic }) =>
      html`<li><button type="button" data-row="${row}" aria-pressed="${String(!hidden.has(row))}"><span class="${colourClass(look)}" aria-hidden="true">${glyph(look)}</span> <bdi>${title}</bdi>${synthetic && '\u00a0*'}</button></li>`,
  )}`;
}

/** The curves in figures, for readers who cannot see the plot. */
export function curveTable(curves: readonly PlottedCurve[]): Markup {
  const cell = (point: readonly [number, number] | undefined): Markup =>
    html`<td class="number">${point ? formatLoss(point[1]) : '—'}</td><td class="number">${point ? point[0] : '—'}</td>`;
  const lowest = (points: PlottedCurve['loss']): readonly [number, number] | undefined =>
    points.reduce<readonly [number, number] | undefined>(
      (best, point) => (best === undefined || point[1] < best[1] ? point : best),
      undefined,
    );
  return html`<table><caption><span>Losses so far, and the steps at which they were computed</span></caption>
<thead><tr><th scope="col">Row</th><th scope="col" class="number">Seed</th><th scope="col" class="number">First loss</th><th scope="col" class="number">at step</th><th scope="col" class="number">Last loss</th><th scope="col" class="number">at step</th><th scope="col" class="number">Lowest validation loss</th><th scope="col" class="number">at step</th></tr></thead>
<tbody>${curves.map(
    (curve) =>
      html`<tr><th scope="row"><bdi>${curve.title}</bdi>${curve.synthetic && '\u00a0*'}</th><td class="number">${curve.seed}</td>${cell(curve.loss[0])}${cell(curve.loss.at(-1))}${cell(lowest(curve.validation))}</tr>`,
  )}</tbody></table>`;
}
