import { ASSUMED_WATTS, type EnergyEstimate, type TrainingRecord } from '@medbench/core';

/** What the record says, or the assumed power times the seconds for records of older versions. */
export const energyEstimate = ({ energy, seconds }: TrainingRecord): EnergyEstimate =>
  energy ?? { joules: ASSUMED_WATTS * seconds, from: 'assumed', watts: ASSUMED_WATTS };
