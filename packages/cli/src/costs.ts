import type { Fit, RunCosts } from '@medbench/api';
import { inColumns } from './columns.js';

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Three digits where the number is small, whole numbers with separators where it is large. */
const digits = (value: number): string => (value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));

/** A duration for people: `38 s`, `4.2 min`, `2.4 h`, `498 days`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90 * SECOND) return `${digits(seconds)} s`;
  if (seconds < 90 * MINUTE) return `${digits(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${digits(seconds / HOUR)} h`;
  return `${digits(seconds / DAY)} days`;
}

/** Bytes for people: `62 MiB`, `1.4 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${digits(value)} ${units[unit]}`;
}

/** Energy for people, from joules: `3.4 Wh`, `12 kWh`. */
export function formatEnergy(joules: number): string {
  const wattHours = joules / HOUR;
  return wattHours < 1000 ? `${digits(wattHours)} Wh` : `${digits(wattHours / 1000)} kWh`;
}

const stepTime = (ms: number): string => (ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'));

/**
 * Formats what a run costs: the rows, then the totals.
 * @param unit what carries out one row at a time.
 */
export function renderCosts(costs: RunCosts, unit: 'process' | 'device' = 'process'): string {
  const { rows, work, jobs, seconds, byJobs, gather, energy, disk, notes } = costs;
  const lines = rows.map(({ id, stepMs, training, evaluation, total }) => [
    id,
    stepMs === undefined ? '—' : stepTime(stepMs),
    training > 0 ? formatDuration(training) : '—',
    evaluation > 0 ? formatDuration(evaluation) : '—',
    formatDuration(total),
  ]);
  const others = byJobs.filter((one) => one.jobs !== jobs);
  const from =
    energy.from === 'counters' ? 'by the counters of the processor' : 'assumed for the processor (MEDBENCH_WATTS)';
  const unknown = rows.filter((row) => row.unknown !== undefined);
  return [
    inColumns([['row', 'step, ms', 'training', 'evaluation', 'in all'], ...lines], [1, 2, 3, 4]),
    '',
    `${formatDuration(seconds)} from start to end with ${jobs === 1 ? `one ${unit}` : `${jobs} ${unit === 'process' ? 'processes' : 'devices'}`}; ` +
      `${formatDuration(work)} of work, of which comparing and the report ${formatDuration(gather)}`,
    ...(others.length > 0
      ? [
          `with others, each on cores or a device of its own: ${others
            .map((one) => `${one.jobs}: ${formatDuration(one.seconds)}`)
            .join(', ')}`,
        ]
      : []),
    `${formatBytes(disk.total)} on disk: weights ${formatBytes(disk.weights)}, embeddings ${formatBytes(disk.embeddings)}, ` +
      `results ${formatBytes(disk.results)}; while training, checkpoints of ${formatBytes(disk.whileTraining)} more`,
    `${formatEnergy(energy.joules)} for training: ${digits(energy.watts)} W ${from} times the seconds of training`,
    ...unknown.map(({ id, unknown: why }) => `not in these figures: ${id}, ${why}`),
    ...notes,
  ].join('\n');
}

/** Says with which settings a run fits into some hours, and what is given up. */
export function renderFit({ hours, seconds, settings, givenUp }: Fit): string {
  const within = `${hours.toLocaleString('en')} h`;
  if (seconds === undefined) return `within ${within}: ${givenUp.join('; ')}`;
  if (settings.length === 0) return `fits into ${within} as it is (${formatDuration(seconds)})`;
  return [
    `fits into ${within} (${formatDuration(seconds)}) with`,
    `  ${settings.map((setting) => `--set ${setting}`).join(' ')}`,
    `given up: ${givenUp.join('; ')}`,
  ].join('\n');
}
