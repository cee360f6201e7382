/** Work for one process at a time. */
export interface Work {
  readonly seconds: number;
  /** Whether it waits for the work that comes first. */
  readonly waits: boolean;
}

/** Work of a run, as its processes take it. */
export interface ScheduledWork {
  /** Work that some of the rest waits for: the general-domain weights; 0 if there is none. */
  readonly first: number;
  /** Rows and seeds, in their order. */
  readonly units: readonly Work[];
  /** Seconds of each process before its first unit. */
  readonly perProcess: number;
}

/**
 * Seconds until several processes have carried out all units: each takes the next one as soon as it is free, first those
 * that wait for nothing. The first process makes what the others wait for.
 * @param processes at least 1; at most one for each unit is used.
 */
export function makespan({ first, units, perProcess }: ScheduledWork, processes: number): number {
  const count = Math.max(1, Math.min(processes, units.length));
  const free = Array.from({ length: count }, () => perProcess);
  const ready = perProcess + first;
  free[0] = ready;
  const take = (seconds: number, from: number): void => {
    const next = free.indexOf(Math.min(...free));
    free[next] = Math.max(free[next]!, from) + seconds;
  };
  for (const { seconds, waits } of units) if (!waits) take(seconds, 0);
  for (const { seconds, waits } of units) if (waits) take(seconds, ready);
  return Math.max(...free);
}
