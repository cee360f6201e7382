import type { CurvePoint, WatchedRun, WatchedUnit } from '@medbench/runner/watch';
import { SYNTHETIC_LINE } from '../caption.js';
import { capitalise, oneLine } from '../format.js';
import { drawTables, type TableOptions } from '../terminal.js';
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
} from './words.js';

const BARS = '▁▂▃▄▅▆▇█';
/** Characters of a curve in a line. */
const CURVE_WIDTH = 16;
const COLOURS = { done: '32', working: '36', waiting: '2', failed: '31' } as const;

const paint = (code: string, text: string, color: boolean): string =>
  color ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Draws a curve in one line of text, from its highest loss to its lowest. */
export function drawSparkline(points: readonly CurvePoint[], width = CURVE_WIDTH): string {
  const losses = points.map(({ loss }) => loss).filter(Number.isFinite);
  if (losses.length < 2) return '';
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const columns = Math.min(width, losses.length);
  return Array.from({ length: columns }, (_, i) => {
    const part = losses.slice(
      Math.floor((i * losses.length) / columns),
      Math.floor(((i + 1) * losses.length) / columns),
    );
    const mean = part.reduce((sum, loss) => sum + loss, 0) / part.length;
    const level = high === low ? 0 : (mean - low) / (high - low);
    return BARS[Math.round(level * (BARS.length - 1))]!;
  }).join('');
}

function unitLine(run: WatchedRun, unit: WatchedUnit, idWidth: number): string {
  const curve = run.curves.find(({ id }) => id === unit.id);
  const [loss, validation] = lastLosses(run, unit.id);
  const left =
    unit.secondsLeft !== undefined && unit.secondsLeft > 0 ? `${roughly(unit.secondsLeft)} of work left` : '';
  const failure = run.failures.find((one) => one.unit === unit.id);
  const parts = [
    describeProgress(unit),
    loss && `loss ${loss} ${drawSparkline(curve!.loss)}`.trimEnd(),
    validation && `validation ${validation}`,
    formatSpeed(unit),
    left,
    describeWorker(unit),
    unit.state === 'failed' && failure ? oneLine(failure.why) : '',
  ];
  return `${unit.state.padEnd(7)}  ${oneLine(unit.id).padEnd(idWidth)}  ${parts.filter(Boolean).join(', ')}`;
}

/** Cuts a line to a number of characters. */
const cut = (line: string, width: number): string => {
  const characters = [...line.trimEnd()];
  return characters.length <= width ? characters.join('') : `${characters.slice(0, Math.max(1, width - 1)).join('')}…`;
};

/**
 * The state of a run for a terminal: what happens, the units with their losses, what failed, and the table as it fills. No
 * line is wider than `width`, but for the table where a single column is, and its caption.
 */
export function renderWatchedRun(run: WatchedRun, { color = false, width = 120 }: TableOptions = {}): string {
  const { units, failures, progress, unknown } = run;
  const idWidth = Math.min(40, Math.max(...units.map(({ id }) => oneLine(id).length)));
  const left = progress.left && `${capitalise(aboutTime(progress.left.seconds))} left: ${progress.left.how}.`;
  const lines = units.map((unit) => {
    const line = cut(unitLine(run, unit, idWidth), width);
    return paint(COLOURS[unit.state], line.slice(0, 7), color) + line.slice(7);
  });
  const failed = failures.map(({ unit, task, why }) =>
    cut(`${oneLine(unit)}${task === undefined ? '' : ` on ${oneLine(task)}`}: ${oneLine(why)}`, width),
  );
  const head = [
    paint('1', cut(`${runName(run)} · ${oneLine(run.preset)} · ${oneLine(run.backend)}`, width), color),
    ...(run.synthetic ? [paint('33', cut(SYNTHETIC_LINE, width), color)] : []),
    cut(`${describeState(run)}.`, width),
    ...(left ? [cut(left, width)] : []),
    ...unknown.map((line) => cut(line, width)),
  ];
  const paragraphs = [
    head.join('\n'),
    lines.join('\n'),
    ...(failed.length > 0 ? [[paint('31', 'Failed', color), ...failed].join('\n')] : []),
    drawTables(tableSoFar(run), { color, width }),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** Says what has changed in a run: one line for each unit that began, ended or came a quarter of its steps further, and each cell. */
export function describeChanges(before: WatchedRun, now: WatchedRun): string[] {
  const lines: string[] = [];
  const units = new Map(before.units.map((unit) => [unit.id, unit]));
  for (const unit of now.units) {
    const known = units.get(unit.id);
    const quarter = ({ step = 0, steps = 0 }: Partial<WatchedUnit>): number =>
      steps > 0 ? Math.floor((4 * step) / steps) : 0;
    const moved = quarter(unit) !== quarter(known ?? {}) || unit.task !== known?.task;
    if (known?.state !== unit.state || (unit.state === 'working' && moved)) {
      const [loss] = lastLosses(now, unit.id);
      const about = [describeProgress(unit), loss && unit.task === undefined && `loss ${loss}`]
        .filter(Boolean)
        .join(', ');
      lines.push(`${unit.state}  ${oneLine(unit.id)}${about ? `: ${about}` : ''}`);
    }
  }
  const cellKey = ({ method, task, protocol, seed, value, status }: WatchedRun['table']['cells'][number]): string =>
    JSON.stringify([method, task, protocol, seed, value, status]);
  const shown = new Set(before.table.cells.map(cellKey));
  for (const cell of now.table.cells) {
    if (shown.has(cellKey(cell))) continue;
    const figure =
      cell.value === null
        ? `failed: ${oneLine(cell.error ?? 'unknown reason')}`
        : `${cell.metric} ${cell.value.toFixed(3)}${cell.synthetic ? ' *' : ''}`;
    lines.push(`cell  ${oneLine(`${cell.method}:${cell.seed} / ${cell.task} / ${cell.protocol}`)}: ${figure}`);
  }
  if (before.state !== now.state) lines.push(`${describeState(now)}.`);
  return lines;
}
