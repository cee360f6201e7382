// The script of the page that follows a run, compiled by scripts/build-page-script.mjs into src/live/live-script.ts.
import { curveTable, drawCurveLegend, drawCurves, type PlottedCurve } from '../../src/live/curves.js';
import { sortTables } from '../sort.js';
import { prepareTips, showTips } from '../tips.js';
import { replacePart } from './replace.js';

/** A message of the server: all that has changed since the last one. */
interface Change {
  readonly title: string;
  readonly parts: Readonly<Record<string, string>>;
  /** Ids of all curves, in their order. */
  readonly order: readonly string[];
  readonly curves: readonly PlottedCurve[];
}

const curves = new Map<string, PlottedCurve>();
let order: readonly string[] = [];
const hidden = new Set<string>();

const plot = document.querySelector<HTMLElement>('[data-curves]')!;
const legend = document.querySelector<HTMLElement>('[data-legend]')!;
const table = document.querySelector<HTMLElement>('[data-curve-table]')!;
const connection = document.querySelector<HTMLElement>('#connection')!;

const listCurves = (): PlottedCurve[] => order.flatMap((id) => curves.get(id) ?? []);

function drawPlot(): void {
  if (order.length === 0) return;
  const shown = listCurves().filter(({ row }) => !hidden.has(row));
  plot.innerHTML = drawCurves(shown, { width: plot.clientWidth, height: plot.clientHeight }).text;
}

/** Draws the legend only if its rows are others, so that the focus stays where it is. */
let rows = '';
function drawLegend(): void {
  const now = drawCurveLegend(listCurves(), new Set()).text;
  if (now === rows) return;
  rows = now;
  legend.innerHTML = drawCurveLegend(listCurves(), hidden).text;
}

legend.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button') : null;
  const row = button?.dataset.row;
  if (!button || row === undefined) return;
  if (!hidden.delete(row)) hidden.add(row);
  button.setAttribute('aria-pressed', String(!hidden.has(row)));
  drawPlot();
});

function apply({ title, parts, order: ids, curves: changed }: Change): void {
  document.title = title;
  for (const [name, markup] of Object.entries(parts)) {
    const part = document.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (part) replacePart(part, markup, prepare);
  }
  for (const curve of changed) curves.set(curve.id, curve);
  const moved = ids.join() !== order.join();
  order = ids;
  if (changed.length === 0 && !moved) return;
  drawLegend();
  drawPlot();
  table.innerHTML = curveTable(listCurves()).text;
}

function prepare(part: HTMLElement): void {
  sortTables(part);
  prepareTips(part);
}

sortTables(document);
showTips(document);
new ResizeObserver(drawPlot).observe(plot);

const source = new EventSource('events');
source.addEventListener('change', (event) => {
  connection.hidden = true;
  apply(JSON.parse((event as MessageEvent<string>).data) as Change);
});
source.addEventListener('error', () => {
  connection.textContent = 'The server of this page has ended: this is the last state that it sent.';
  connection.hidden = false;
});
