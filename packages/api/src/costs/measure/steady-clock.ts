import type { ProfilePhase } from '@medbench/core';
import { ProfileClock } from '@medbench/runner';
import type { PhaseSeconds } from './record.js';
import type { SteadyTimes } from './sampled-training.js';

/** A profile that also has the time of each training step, and of each wait for a batch. */
export class SteadyClock extends ProfileClock implements SteadyTimes {
  readonly steps: number[] = [];
  readonly waits: number[] = [];

  reset(): void {
    this.steps.length = 0;
    this.waits.length = 0;
  }

  override span<T>(phase: ProfilePhase, work: () => T): T {
    const times = phase === 'step' ? this.steps : phase === 'waiting for batches' ? this.waits : undefined;
    if (!times) return super.span(phase, work);
    const began = performance.now();
    const result = super.span(phase, work);
    // A failure is that of the caller.
    const keep = () => times.push(performance.now() - began);
    if (result instanceof Promise) result.then(keep, () => {});
    else keep();
    return result;
  }

  /** Seconds so far by phase, of all rows. */
  seconds(): PhaseSeconds {
    return Object.fromEntries(this.report().phases.map(({ phase, seconds }) => [phase, seconds]));
  }
}

/** Seconds that a profile has counted since an earlier look at it. Phases without any time are left out. */
export const secondsSince = (before: PhaseSeconds, now: PhaseSeconds): PhaseSeconds => addSeconds(now, before, -1);

/** Adds the seconds of two profiles, phase by phase; those of the second times a factor. */
export function addSeconds(a: PhaseSeconds, b: PhaseSeconds, factor = 1): PhaseSeconds {
  const phases = new Set([...Object.keys(a), ...Object.keys(b)]);
  const sums = [...phases].map((phase) => [phase, (a[phase] ?? 0) + factor * (b[phase] ?? 0)] as const);
  return Object.fromEntries(sums.filter(([, seconds]) => Math.abs(seconds) > 1e-9));
}
