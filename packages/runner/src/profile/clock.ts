import type { Profile, ProfilePhase, ProfileReport } from '@medbench/core';

/** Returns the CPU time of all threads of this process, in milliseconds. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Name under which the time outside all rows is reported. */
const NO_ROW = '(run)';

interface Spent {
  ms: number;
  cpu: number;
  count: number;
}

/** Calls `work`, then `after`: immediately if `work` is synchronous, else once its promise settles. */
function callThen<T>(work: () => T, after: () => void): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    after();
    throw error;
  }
  if (result instanceof Promise) return result.finally(after) as T;
  after();
  return result;
}

/** Removes an entry from anywhere in a stack: overlapping work may end in any order. */
function removeLast<T>(stack: T[], entry: T): void {
  const index = stack.lastIndexOf(entry);
  if (index >= 0) stack.splice(index, 1);
}

/**
 * A profile that assigns each moment to the running phase that began last, and to the row that began last. The phases
 * therefore add up to the wall time, even where they overlap.
 */
export class ProfileClock implements Profile {
  readonly #spent = new Map<string, Map<ProfilePhase, Spent>>();
  readonly #beside: Record<string, number> = {};
  readonly #startUp: { readonly phase: ProfilePhase } = { phase: 'start-up' };
  readonly #phases: { readonly phase: ProfilePhase | null }[] = [this.#startUp];
  readonly #rows: { readonly row: string }[] = [];
  #settledAt: number;
  #settledCpu = 0;

  /** @param began start of the clock, in milliseconds of `now`; 0 is the start of the process. */
  constructor(
    private readonly began = 0,
    private readonly now: () => number = () => performance.now(),
    private readonly cpu: () => number = cpuTime,
  ) {
    this.#settledAt = began;
  }

  /** Ends the start-up phase: the time until this call counts as start-up. */
  started(): void {
    this.#settle();
    removeLast(this.#phases, this.#startUp);
  }

  span<T>(phase: ProfilePhase, work: () => T): T {
    this.#spentOn(phase).count++;
    return this.#during({ phase }, work);
  }

  /** Leaves out the time of `work`: this process only waits for others, whose profiles are joined. */
  pause<T>(work: () => T): T {
    return this.#during({ phase: null }, work);
  }

  /** Adds the profile of another process of the same run. */
  join({ phases, rows, beside }: ProfileReport): void {
    const counts = new Map(
      phases.map(({ phase, count, seconds, cpuSeconds }) => [
        phase,
        { count, cpu: seconds > 0 ? cpuSeconds / seconds : 0 },
      ]),
    );
    for (const { row, phases: spent } of rows) {
      for (const [phase, seconds] of Object.entries(spent)) {
        const entry = this.#spentOn(phase, row);
        entry.ms += 1000 * seconds!;
        // The report has CPU time by phase alone: a row gets its share of it.
        entry.cpu += 1000 * seconds! * counts.get(phase)!.cpu;
      }
    }
    for (const { phase, count } of phases) this.#spentOn(phase, NO_ROW).count += count;
    for (const [activity, seconds] of Object.entries(beside)) this.beside(activity, 1000 * seconds);
  }

  #during<T>(entry: { readonly phase: ProfilePhase | null }, work: () => T): T {
    this.#settle();
    this.#phases.push(entry);
    return callThen(work, () => {
      this.#settle();
      removeLast(this.#phases, entry);
    });
  }

  row<T>(row: string, work: () => T): T {
    const entry = { row };
    this.#settle();
    this.#rows.push(entry);
    return callThen(work, () => {
      this.#settle();
      removeLast(this.#rows, entry);
    });
  }

  beside(activity: string, ms: number): void {
    this.#beside[activity] = (this.#beside[activity] ?? 0) + ms;
  }

  report(): ProfileReport {
    this.#settle();
    const elapsed = (this.#settledAt - this.began) / 1000;
    let total = 0;
    const phases = new Map<ProfilePhase, Spent>();
    const rows = [...this.#spent].map(([row, spent]) => {
      for (const [phase, { ms, cpu, count }] of spent) {
        total += ms;
        const sum = phases.get(phase) ?? { ms: 0, cpu: 0, count: 0 };
        phases.set(phase, { ms: sum.ms + ms, cpu: sum.cpu + cpu, count: sum.count + count });
      }
      const seconds = [...spent.values()].reduce((sum, { ms }) => sum + ms, 0) / 1000;
      const rowPhases = Object.fromEntries([...spent].map(([phase, { ms }]) => [phase, ms / 1000]));
      return { row, seconds, phases: rowPhases };
    });
    return {
      schemaVersion: 1,
      seconds: elapsed,
      phases: [...phases]
        .map(([phase, { ms, cpu, count }]) => ({
          phase,
          seconds: ms / 1000,
          cpuSeconds: cpu / 1000,
          share: total > 0 ? ms / total : 0,
          count,
        }))
        .sort((a, b) => b.seconds - a.seconds),
      rows,
      beside: Object.fromEntries(Object.entries(this.#beside).map(([activity, ms]) => [activity, ms / 1000])),
    };
  }

  /** Assigns the time since the last call to the current phase and row. */
  #settle(): void {
    const [now, cpu] = [this.now(), this.cpu()];
    const phase = this.#phases.length > 0 ? this.#phases.at(-1)!.phase : 'other';
    if (phase !== null) {
      const spent = this.#spentOn(phase);
      spent.ms += now - this.#settledAt;
      spent.cpu += cpu - this.#settledCpu;
    }
    this.#settledAt = now;
    this.#settledCpu = cpu;
  }

  /** Returns the time that a row, by default the current one, has spent on a phase. */
  #spentOn(phase: ProfilePhase, row = this.#rows.at(-1)?.row ?? NO_ROW): Spent {
    const phases = this.#spent.get(row) ?? new Map<ProfilePhase, Spent>();
    this.#spent.set(row, phases);
    const spent = phases.get(phase) ?? { ms: 0, cpu: 0, count: 0 };
    phases.set(phase, spent);
    return spent;
  }
}
