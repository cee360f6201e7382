import type { WatchedRun, WatchedUnit } from '@medbench/runner/watch';
import { formatCount, formatValue, oneLine, plural } from '../format.js';

/** Seconds without a sign of life from which it is mentioned: there is one every ten. */
const SILENT = 30;

/** A duration that is estimated: `under a minute`, `4 min`, `3 h 20 min`, `2 days 5 h`. */
export function roughly(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'under a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${plural(Math.floor(hours / 24), 'day')} ${hours % 24} h`;
}

/** The time that is left, as part of a sentence: `about 4 min`, `under a minute`. */
export const aboutTime = (seconds: number): string => (seconds < 30 ? roughly(seconds) : `about ${roughly(seconds)}`);

/** Name of the run: the last part of its folder. */
export const runName = ({ folder }: WatchedRun): string =>
  oneLine(folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder);

/** Says what happens with the run, in one sentence that changes only when a unit does. */
export function describeState({ state, progress, units, launchers }: WatchedRun): string {
  const { settled, all } = progress.units;
  const working = units.filter((unit) => unit.state === 'working').length;
  const failed = units.filter((unit) => unit.state === 'failed').length;
  const figures = progress.cells.failed > 0 ? `, ${plural(progress.cells.failed, 'figure')} failed` : '';
  if (state === 'ended') return `Ended: ${plural(progress.cells.done, 'figure')} measured${figures || ', none failed'}`;
  const counts = `${settled} of ${plural(all, 'unit')} finished${failed > 0 ? ` (${failed} failed)` : ''}`;
  if (state === 'running') return `Running: ${counts}, ${working} at work${figures}`;
  const queue = launchers.length > 0 ? `; medbench status asks ${launchers.join(' and ')} for waiting jobs` : '';
  return `Nobody works on it: ${counts}${figures}; medbench work continues it${queue}`;
}

/** The share of the planned figures that are measured or failed, from 0 to 1. */
export function shareDone({ state, progress: { cells } }: WatchedRun): number {
  if (state === 'ended') return 1;
  return cells.planned === 0 ? 0 : Math.min(1, (cells.done + cells.failed) / cells.planned);
}

/** How far a unit is: `step 40 of 600`, `measures vqa-rad`, `2 of 3 tasks`. */
export function describeProgress({ state, step, steps, task, tasks }: WatchedUnit): string {
  const parts: string[] = [];
  if (step !== undefined && (step < steps! || (state === 'working' && task === undefined)))
    parts.push(`step ${formatCount(step)} of ${formatCount(steps!)}`);
  if (task !== undefined) parts.push(`measures ${oneLine(task)}`);
  if (tasks.planned > 0 && (tasks.done > 0 || task !== undefined))
    parts.push(`${tasks.done} of ${plural(tasks.planned, 'task')} measured`);
  if (tasks.unchecked > 0)
    parts.push(`${plural(tasks.unchecked, 'measurement')} of earlier settings, to be checked when its turn comes`);
  return parts.join(', ');
}

/** Who works on a unit, and whether there are signs of life. */
export function describeWorker({ host, pid, silent = 0 }: WatchedUnit): string {
  if (host === undefined) return '';
  const silence = silent >= SILENT ? `, no sign of life for ${roughly(silent)}` : '';
  return `process ${pid} on ${oneLine(host)}${silence}`;
}

/** The last losses of a unit: training, then validation. */
export function lastLosses({ curves }: WatchedRun, id: string): readonly [loss: string, validation: string] {
  const curve = curves.find((one) => one.id === id);
  const last = (points: readonly { readonly loss: number }[] | undefined): string => {
    const point = points?.at(-1);
    return point ? formatValue(point.loss) : '';
  };
  return [last(curve?.loss), last(curve?.validation)];
}

/** `312 pairs/s` */
export const formatSpeed = ({ pairsPerSecond }: WatchedUnit): string =>
  pairsPerSecond === undefined
    ? ''
    : `${pairsPerSecond < 10 ? pairsPerSecond.toFixed(1) : formatCount(pairsPerSecond)} pairs/s`;
