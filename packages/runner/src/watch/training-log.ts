import { type LogEntry, LogTail } from './log-tail.js';
import type { CurvePoint } from './state.js';
import { isFiniteNumber, parseTrainingEntry, TRAINING_ENTRIES } from './training-entry.js';

/** Points over which the speed of a training is measured. */
const RECENT = 30;

/** A point of a curve and when it was logged, in milliseconds by the clock of the machine that trained. */
interface LoggedPoint extends CurvePoint {
  readonly time: number;
}

/** One attempt at a training, from its first step or from a checkpoint to its end or its interruption. */
interface Attempt {
  readonly began: number;
  /** Steps that were done when it began. */
  from: number;
  readonly steps: number;
  readonly loss: LoggedPoint[];
  readonly validation: CurvePoint[];
  /** Whether its last step was logged, or it stopped early. */
  ended: boolean;
}

/** The training of a unit, as the logs have it. */
export interface LoggedTraining {
  readonly steps: number;
  /** Steps done when the last line was logged. */
  readonly step: number;
  readonly ended: boolean;
  readonly loss: readonly CurvePoint[];
  readonly validation: readonly CurvePoint[];
  /** Steps per second; undefined if too little was logged since it began or resumed. */
  readonly speed: number | undefined;
}

/** The trainings in one log. */
class LogOfMachine {
  readonly attempts = new Map<string, Attempt[]>();
  /** Whether the corpora that were opened are generated, by id. */
  readonly corpora = new Map<string, boolean>();
  readonly #tail: LogTail;

  constructor(path: string) {
    this.#tail = new LogTail(path, [...TRAINING_ENTRIES, '"corpus":']);
  }

  read(): void {
    const { entries, restarted } = this.#tail.read();
    if (restarted) {
      this.attempts.clear();
      this.corpora.clear();
    }
    for (const entry of entries) this.#add(entry);
  }

  #add(entry: LogEntry): void {
    if (typeof entry.corpus === 'string') this.corpora.set(entry.corpus, entry.synthetic === true);
    const parsed = parseTrainingEntry(entry);
    if (!parsed) return;
    const { id, time, begins } = parsed;
    const attempts = this.attempts.get(id) ?? [];
    this.attempts.set(id, attempts);
    if (begins !== undefined) {
      attempts.push({ began: time, from: 0, steps: begins, loss: [], validation: [], ended: false });
      return;
    }
    const attempt = attempts.at(-1);
    if (!attempt) return;
    if (isFiniteNumber(entry.resumedAt)) attempt.from = entry.resumedAt;
    if (entry.stoppedEarly === true) attempt.ended = true;
    const { step, loss, validationLoss } = entry;
    if (!isFiniteNumber(step)) return;
    if (isFiniteNumber(validationLoss)) attempt.validation.push({ step, loss: validationLoss });
    if (!isFiniteNumber(loss)) return;
    attempt.loss.push({ step, loss, time });
    if (step === attempt.steps - 1) attempt.ended = true;
  }
}

/** The trainings in all logs of a run, each of which is read from where it ended the last time. */
export class TrainingLog {
  readonly #logs = new Map<string, LogOfMachine>();

  /** Reads what the logs have grown by. */
  read(paths: readonly string[]): void {
    for (const path of paths) {
      const log = this.#logs.get(path) ?? new LogOfMachine(path);
      this.#logs.set(path, log);
      log.read();
    }
    for (const path of this.#logs.keys()) if (!paths.includes(path)) this.#logs.delete(path);
  }

  /** Whether one of these corpora was opened and is generated. */
  isGenerated(corpora: readonly string[]): boolean {
    return [...this.#logs.values()].some((log) => corpora.some((id) => log.corpora.get(id)));
  }

  /** Lists the ids of units whose training was logged. */
  units(): string[] {
    return [...new Set([...this.#logs.values()].flatMap(({ attempts }) => [...attempts.keys()]))];
  }

  /**
   * Joins the attempts at a training: steps that were repeated after a checkpoint appear once, as the last attempt
   * computed them.
   * @param since time in milliseconds before which attempts do not count.
   * @returns undefined if there is none.
   */
  training(id: string, since: number): LoggedTraining | undefined {
    const attempts = [...this.#logs.values()]
      .flatMap((log) => log.attempts.get(id) ?? [])
      .filter(({ began }) => began >= since)
      .sort((a, b) => a.began - b.began);
    const last = attempts.at(-1);
    if (!last) return undefined;
    let loss: CurvePoint[] = [];
    let validation: CurvePoint[] = [];
    for (const attempt of attempts) {
      // A step is logged with the number of steps before it, a validation with the number of steps done.
      loss = [...loss.filter(({ step }) => step < attempt.from), ...attempt.loss];
      validation = [...validation.filter(({ step }) => step <= attempt.from), ...attempt.validation];
    }
    const step = Math.max(last.from, (loss.at(-1)?.step ?? -1) + 1, validation.at(-1)?.step ?? 0);
    return {
      ...{ steps: last.steps, step, ended: last.ended, validation, speed: measureSpeed(last.loss) },
      loss: loss.map(({ step, loss }) => ({ step, loss })),
    };
  }
}

/** Steps per second over the last points. The time before the first point is left out: the step is compiled then. */
function measureSpeed(points: readonly LoggedPoint[]): number | undefined {
  const [first, last] = [points.at(-RECENT) ?? points[0], points.at(-1)];
  if (!first || !last || last.time <= first.time) return undefined;
  return ((last.step - first.step) * 1000) / (last.time - first.time);
}
