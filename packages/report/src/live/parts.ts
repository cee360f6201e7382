import { GENERAL, type WatchedCurve, type WatchedRun, type WatchedUnit } from '@medbench/runner/watch';
import { SYNTHETIC_LINE } from '../caption.js';
import { formatCount, plural } from '../format.js';
import { html, type Markup } from '../html/escape.js';
import { withIds } from '../html/frame.js';
import { banner } from '../html/heading.js';
import { resultsSection, scrollable } from '../html/results-table.js';
import { curveTable, drawCurveLegend, drawCurves, type PlotSize, type PlottedCurve } from './curves.js';
import { tableSoFar } from './results.js';
import {
  aboutTime,
  describeProgress,
  describeState,
  describeWorker,
  formatSpeed,
  lastLosses,
  roughly,
  runName,
  shareDone,
} from './words.js';

/** Digits of a loss that the page gets: more than its plot and its table show. */
const DIGITS = 6;

/** Size of the plot before the page knows its own. */
const FIRST_SIZE: PlotSize = { width: 720, height: 320 };

/** The state of a run as the page shows it. */
export interface PageState {
  readonly title: string;
  /** Markup by the name of the part of the page that it fills. */
  readonly parts: Readonly<Record<string, string>>;
  readonly curves: readonly PlottedCurve[];
}

const pairs = (points: WatchedCurve['loss']): PlottedCurve['loss'] =>
  points.map(({ step, loss }) => [step, Number(loss.toPrecision(DIGITS))] as const);

/** The curves of all trainings, those that have not begun too, so that the legend keeps its size. */
function plottedCurves({ units, curves, table, synthetic }: WatchedRun): PlottedCurve[] {
  const rows = new Map(table.rows.map((row, i) => [row.id, { ...row, look: i }]));
  return units.flatMap(({ id, row, seed }) => {
    const known = row === undefined ? undefined : rows.get(row);
    const curve = curves.find((one) => one.id === id);
    const trains = row === GENERAL || (known && !known.control && known.question !== 'embeddings');
    if (row === undefined || seed === undefined || !(trains || curve)) return [];
    return {
      ...{ id, row, seed, look: known?.look ?? -1, steps: curve?.steps ?? 0 },
      title: known?.title ?? (row === GENERAL ? 'General-domain weights' : row),
      synthetic: curve?.synthetic ?? synthetic,
      loss: pairs(curve?.loss ?? []),
      validation: pairs(curve?.validation ?? []),
    };
  });
}

function heading(run: WatchedRun): Markup {
  const { table, preset, backend, seeds, folder } = run;
  const methods = table.rows.filter(({ control }) => !control).length;
  const size = `${plural(methods, 'method')} on ${plural(table.tasks.length, 'task')}, ${plural(seeds.length, 'seed')}`;
  return html`<h1>${run.study !== undefined && html`<bdi>${run.study}</bdi>: `}<bdi>${runName(run)}</bdi>: ${size}</h1>
${banner({ run }, tableSoFar(run))}
<p class="muted"><bdi>${`preset ${preset} · backend ${backend} · ${folder} · not for clinical use`}</bdi></p>`;
}

function progressPart(run: WatchedRun): Markup {
  const { cells, left } = run.progress;
  const share = shareDone(run);
  const settled = cells.done + cells.failed;
  const text = `${formatCount(settled)} of ${plural(cells.planned, 'figure')}`;
  return html`<progress max="1" value="${share.toFixed(4)}" aria-label="Figures measured"></progress>
<p>${text}${left && html` · <strong>${aboutTime(left.seconds)}</strong> left`}<small class="muted">${
    left ? `Estimated: ${left.how}.` : '\u00a0'
  }</small></p>`;
}

const UNIT_HEADS = ['State', 'Progress', 'Loss', 'Validation', 'Speed', 'Work left', 'Worker'] as const;

function unitsTable(run: WatchedRun): Markup {
  const line = (unit: WatchedUnit): Markup => {
    const [loss, validation] = lastLosses(run, unit.id);
    const left = unit.secondsLeft !== undefined && unit.secondsLeft > 0 ? roughly(unit.secondsLeft) : '';
    const rest = [describeProgress(unit), loss, validation, formatSpeed(unit), left, describeWorker(unit)];
    return html`<tr class="unit ${unit.state}"><th scope="row"><bdi>${unit.id}</bdi></th><td><span class="state">${unit.state}</span></td>${rest.map(
      (text) => html`<td>${text === '' ? '—' : text}</td>`,
    )}</tr>\n`;
  };
  return scrollable(
    'Units',
    html`<table class="units"><caption><span>Each row under a seed is a unit. Work left is for one process.</span></caption>
<thead><tr><th scope="col" class="corner">Unit</th>${UNIT_HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${run.units.map(line)}</tbody></table>`,
  );
}

function failures({ failures }: WatchedRun): Markup {
  if (failures.length === 0) return html``;
  return html`<section><h2>Failed</h2>
<ul>${failures.map(
    ({ unit, task, why, host }) =>
      html`<li><bdi>${unit}</bdi>${task !== undefined && html` on <bdi>${task}</bdi>`}${host !== undefined && html` (<bdi>${host}</bdi>)`}: <bdi>${why}</bdi></li>\n`,
  )}</ul></section>\n`;
}

/** Makes everything of the page that changes with the run. All text is escaped. */
export function pageState(run: WatchedRun): PageState {
  const parts = {
    heading: heading(run),
    status: html`${describeState(run)}.`,
    progress: progressPart(run),
    results: resultsSection(tableSoFar(run)),
    units: unitsTable(run),
    failures: failures(run),
    unknown: html`${run.unknown.map((line) => html`<p><bdi>${line}</bdi></p>`)}`,
  };
  const percent = Math.floor(shareDone(run) * 100);
  return {
    title: `${run.state === 'ended' ? 'ended' : `${percent} %`} · ${runName(run)} · medbench`,
    parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, withIds(part).text])),
    curves: plottedCurves(run),
  };
}

const curvesNote = (curves: readonly PlottedCurve[]): string =>
  curves.some(({ synthetic }) => synthetic) ? ` ${SYNTHETIC_LINE.replace('Figures', 'Curves of rows')}` : '';

/** The section with the curves, as the page first shows it; its script draws them anew. */
export const curvesPart = (curves: readonly PlottedCurve[]): Markup => html`<section><h2>Learning curves</h2>
<p>Loss by step: solid lines are the training, dashed lines the validation. Methods minimise different losses: compare shapes, not
heights.${curvesNote(curves)}</p>
<div class="curves" data-curves>${drawCurves(curves, FIRST_SIZE)}</div>
<ul class="legend rows" data-legend aria-label="Rows of the plot: press one to hide or show it">${drawCurveLegend(curves, new Set())}</ul>
<details><summary>The curves as a table</summary>
<div class="scroll" role="region" aria-label="Curves" tabindex="0" data-curve-table>${curveTable(curves)}</div></details>
</section>
`;
