import { ASSUMED_WATTS, parseVariable, readVariable } from '@medbench/core';
import type { Measurements } from './measure/record.js';

/** The energy of all trainings, as the report of a run has it. */
export interface EnergyCost {
  readonly joules: number;
  readonly watts: number;
  /** `counters`: of the processor packages while steps were measured. `assumed`: `MEDBENCH_WATTS`, or the default. */
  readonly from: 'counters' | 'assumed';
}

/** @throws MedbenchError('usage') if `MEDBENCH_WATTS` is no positive number. */
export const assumedWatts = (): number =>
  parseVariable('MEDBENCH_WATTS', readVariable('MEDBENCH_WATTS')) ?? ASSUMED_WATTS;

/** Energy of trainings of so many seconds: the mean power by the counters if they can be read, else the assumed one. */
export function trainingEnergy(seconds: number, { units }: Pick<Measurements, 'units'>, assumed: number): EnergyCost {
  const counted = units.flatMap(({ training }) => training?.watts ?? []);
  const from = counted.length > 0 ? 'counters' : 'assumed';
  const watts = counted.length > 0 ? counted.reduce((sum, one) => sum + one, 0) / counted.length : assumed;
  return { joules: watts * seconds, watts, from };
}
