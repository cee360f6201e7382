import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASSUMED_WATTS, type EnergyEstimate, parseVariable, readVariable } from '@medbench/core';

/** Measures the peak memory and the energy of a training. */
export interface CostMeter {
  /** Samples the memory of the process; called after each step. @returns its resident bytes. */
  sample(): number;
  /** @param seconds time of the whole training, including the time before an interruption. */
  read(seconds: number): { readonly peakMemory: number; readonly energy: EnergyEstimate };
}

/** A counter of microjoules that wraps around after `range`. */
interface Counter {
  readonly file: string;
  readonly start: number;
  readonly range: number;
}

const readNumber = (file: string): number => Number(readFileSync(file, 'utf8'));

/** Finds the energy counters of the processor packages (RAPL); none if they do not exist or may not be read. */
function findCounters(powercap: string): Counter[] {
  try {
    return readdirSync(powercap)
      .filter((name) => /^intel-rapl:\d+$/.test(name))
      .map((name) => join(powercap, name))
      .filter((zone) => readFileSync(join(zone, 'name'), 'utf8').startsWith('package'))
      .map((zone) => {
        const file = join(zone, 'energy_uj');
        return { file, start: readNumber(file), range: readNumber(join(zone, 'max_energy_range_uj')) };
      });
  } catch {
    return [];
  }
}

/** Microjoules since the counter's start. At most one wrap-around is noticed. */
function microjoulesSinceStart({ file, start, range }: Counter): number {
  const current = readNumber(file);
  return current >= start ? current - start : current + range - start;
}

/**
 * Starts measuring. Energy comes from the counters of the processor packages where they can be read: that of the whole
 * machine since the start, scaled to the time of the whole training if it was resumed. Otherwise it is a power,
 * `MEDBENCH_WATTS` or `ASSUMED_WATTS`, times the time.
 * @throws MedbenchError('usage') if `MEDBENCH_WATTS` is no positive number.
 */
export function costMeter({
  powercap = '/sys/class/powercap',
  watts: wattsText = readVariable('MEDBENCH_WATTS'),
}: {
  powercap?: string;
  watts?: string | undefined;
} = {}): CostMeter {
  const watts = parseVariable('MEDBENCH_WATTS', wattsText) ?? ASSUMED_WATTS;
  const counters = findCounters(powercap);
  const began = performance.now();
  let peakMemory = process.memoryUsage.rss();
  const sample = (): number => {
    const memory = process.memoryUsage.rss();
    peakMemory = Math.max(peakMemory, memory);
    return memory;
  };
  const fromCounters = (seconds: number): EnergyEstimate | undefined => {
    if (counters.length === 0) return undefined;
    try {
      const joules = counters.reduce((sum, counter) => sum + microjoulesSinceStart(counter), 0) / 1e6;
      const watchedSeconds = (performance.now() - began) / 1000;
      return { joules: Math.round((joules * seconds) / Math.max(watchedSeconds, 1e-3)), from: 'counters' };
    } catch {
      return undefined;
    }
  };
  return {
    sample,
    read(seconds) {
      sample();
      const energy = fromCounters(seconds) ?? { joules: Math.round(watts * seconds), from: 'assumed', watts };
      return { peakMemory, energy };
    },
  };
}
