import { ASSUMED_WATTS, type EnergyEstimate, type TrainingRecord } from '@medbench/core';

/** The energy in the record; for records of older versions, the assumed power times the seconds. */
export const energyEstimate = ({ energy, seconds }: TrainingRecord): EnergyEstimate =>
  energy ?? { joules: ASSUMED_WATTS * seconds, from: 'assumed', watts: ASSUMED_WATTS };
