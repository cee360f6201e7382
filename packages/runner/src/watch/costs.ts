/** Mean of some numbers; undefined if there are none. */
const mean = (values: readonly number[] | undefined): number | undefined =>
  values && values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;

/** The work that is left of a unit. */
export interface UnitWork {
  readonly row: string;
  /** Whether it trains; controls and embeddings of other tools do not. */
  readonly trains: boolean;
  readonly stepsLeft: number;
  /** Steps per second at present, if it trains. */
  readonly speed: number | undefined;
  /** Ids of the tasks that are left to measure. */
  readonly tasksLeft: readonly string[];
}

/** The time that trainings and measurements of a run have taken so far, from which the time of the others is estimated. */
export class Costs {
  readonly #steps = new Map<string, number[]>();
  readonly #tasks = new Map<string, number[]>();

  /** Adds a training that is finished or at work. */
  addTraining(row: string, secondsPerStep: number): void {
    if (Number.isFinite(secondsPerStep)) add(this.#steps, row, secondsPerStep);
  }

  /** Adds the measurement of a task. */
  addTask(task: string, trains: boolean, seconds: number): void {
    add(this.#tasks, `${trains} ${task}`, seconds);
    add(this.#tasks, `${trains}`, seconds);
  }

  /** Whether a measurement of a row that trains is known. */
  get knowsTasks(): boolean {
    return this.#tasks.has('true');
  }

  /**
   * Estimates the seconds that one process takes for a unit: its steps at its own speed, else at that of other seeds of its
   * row, else at the mean of all rows; its tasks at the mean that they took, else at the mean of all. Tasks count nothing as
   * long as none was measured.
   * @returns undefined if nothing is known of a training.
   */
  secondsLeft({ row, trains, stepsLeft, speed, tasksLeft }: UnitWork): number | undefined {
    const perStep = speed ? 1 / speed : (mean(this.#steps.get(row)) ?? mean([...this.#steps.values()].flat()));
    if (stepsLeft > 0 && perStep === undefined) return undefined;
    const perTask = (task: string): number =>
      mean(this.#tasks.get(`${trains} ${task}`)) ?? mean(this.#tasks.get(`${trains}`)) ?? 0;
    return stepsLeft * (perStep ?? 0) + tasksLeft.reduce((sum, task) => sum + perTask(task), 0);
  }
}

function add(to: Map<string, number[]>, key: string, value: number): void {
  const values = to.get(key);
  if (values) values.push(value);
  else to.set(key, [value]);
}

/**
 * Estimates the seconds until all units are finished: the work divided by the processes at work, but not less than the
 * longest unit.
 * @param left seconds of each unit. @returns undefined if nobody works, or one of them is not known.
 */
export function runSecondsLeft(left: readonly (number | undefined)[], processes: number): number | undefined {
  if (processes === 0) return undefined;
  let [sum, longest] = [0, 0];
  for (const seconds of left) {
    if (seconds === undefined) return undefined;
    sum += seconds;
    longest = Math.max(longest, seconds);
  }
  return Math.max(sum / processes, longest);
}
