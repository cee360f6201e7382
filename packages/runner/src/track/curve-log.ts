import { setImmediate as pause } from 'node:timers/promises';
import type { TrackedPoint, TrackedUnit } from '@medbench/core';
import { fileName } from '@medbench/core';
import { GENERAL } from '../store/layout.js';
import { type LogEntry, LogTail } from '../watch/log-tail.js';
import { isFiniteNumber, parseTrainingEntry, TRAINING_ENTRIES, type TrainingEntry } from '../watch/training-entry.js';

/** Bytes of a log that are read without a pause, so that a long log does not hold a training up. */
const PORTION = 2 ** 18;

/** Numbers of an entry that are no curve. */
const NO_CURVE = ['seed', 'step', 'steps'];

/** An attempt at a training. All attempts with one key compute the same figures. */
interface Attempt {
  readonly key: string;
  readonly began: number;
}

interface LoggedUnit {
  readonly row: string;
  readonly seed: number;
  /** The first attempt with each key, in the order in which they began. */
  readonly trainings: Attempt[];
  /** The last attempt. */
  last: Attempt | undefined;
  /** Points of all attempts with its key that nobody has taken yet. */
  points: TrackedPoint[];
}

/** The part of `TrackedUnit` that the logs know, and the points that have come since the last time. */
export interface NewPoints extends Omit<TrackedUnit, 'generated'> {
  /** Id of the unit. */
  readonly id: string;
  /** Ordered by step within each curve. A step may occur twice, after a checkpoint. */
  readonly points: readonly TrackedPoint[];
}

/** The name of a unit for trackers. @param training key of a training that is not the first of the unit. */
export const trackedName = (row: string, seed: number, training?: string): string =>
  `${row === GENERAL ? GENERAL : `${fileName(row)}/seed-${seed}`}${training === undefined ? '' : `-${training.slice(0, 6) || 'older'}`}`;

/** The points of an entry: one for each number that it has. */
function listPoints({ step, ...fields }: LogEntry, time: number): TrackedPoint[] {
  if (!isFiniteNumber(step)) return [];
  return Object.entries(fields).flatMap(([name, value]) => {
    if (!isFiniteNumber(value) || NO_CURVE.includes(name)) return [];
    return [{ curve: name === 'validationLoss' ? 'validation/loss' : `training/${name}`, step, time, value }];
  });
}

/**
 * The curves of a run as its logs have them, read from where they ended the last time. Attempts with other settings than the
 * last one of their unit do not count.
 */
export class CurveLog {
  readonly #tails = new Map<string, LogTail>();
  /** Key of the attempt that each log has last begun, by log and unit. */
  readonly #keys = new Map<string, string>();
  readonly #units = new Map<string, LoggedUnit>();
  readonly #corpora = new Map<string, boolean>();

  /** Reads what the logs have grown by. */
  async read(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const tail = this.#tails.get(path) ?? new LogTail(path, [...TRAINING_ENTRIES, '"corpus":']);
      this.#tails.set(path, tail);
      for (let more = true; more; ) {
        const portion = tail.read(PORTION);
        for (const entry of portion.entries) this.#add(path, entry);
        more = portion.more;
        if (more) await pause();
      }
    }
  }

  /** Whether one of these corpora was opened and is generated. */
  isGenerated(corpora: readonly string[]): boolean {
    return corpora.some((id) => this.#corpora.get(id));
  }

  /** Takes all points that have come since the last time. Units without new ones are listed too. */
  take(): NewPoints[] {
    return [...this.#units].map(([id, unit]) => {
      const { row, seed, trainings, last } = unit;
      const again = last?.key === trainings[0]?.key ? undefined : last?.key;
      const points = unit.points.sort((a, b) => a.step - b.step || a.time - b.time);
      unit.points = [];
      return { id, row, seed, name: trackedName(row, seed, again), points };
    });
  }

  #add(path: string, fields: LogEntry): void {
    if (typeof fields.corpus === 'string') this.#corpora.set(fields.corpus, fields.synthetic === true);
    const entry = parseTrainingEntry(fields);
    if (!entry) return;
    const unit = this.#unit(entry);
    const log = JSON.stringify([path, entry.id]);
    if (entry.begins === undefined) {
      if (this.#keys.get(log) === unit.last?.key) unit.points.push(...listPoints(fields, entry.time));
      return;
    }
    // Versions that did not log the key trained with one set of settings, as far as anybody can tell.
    const attempt = { key: typeof fields.key === 'string' ? fields.key : '', began: entry.time };
    this.#keys.set(log, attempt.key);
    if (!unit.trainings.some(({ key }) => key === attempt.key)) {
      unit.trainings.push(attempt);
      unit.trainings.sort((a, b) => a.began - b.began);
    }
    // Machines are read one after the other, so that a later attempt may have been read before.
    if (unit.last && unit.last.began > attempt.began) return;
    if (unit.last?.key !== attempt.key) unit.points = [];
    unit.last = attempt;
  }

  #unit({ id, row, seed }: TrainingEntry): LoggedUnit {
    const unit = this.#units.get(id) ?? { row, seed, trainings: [], last: undefined, points: [] };
    this.#units.set(id, unit);
    return unit;
  }
}
