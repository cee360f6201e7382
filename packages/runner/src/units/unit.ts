import type { Plan } from '../plan/plan.js';

/** A unit of work: a row under a seed. One process trains it and measures it on all its tasks. */
export interface Unit {
  readonly row: string;
  readonly seed: number;
}

/** Lists the units of a plan in the order of the table. */
export const listUnits = ({ config, rows }: Plan): Unit[] =>
  config.seeds.flatMap((seed) => rows.map(({ id }) => ({ row: id, seed })));

/** Returns a text that tells the units of a run apart. */
export const unitId = ({ row, seed }: Unit): string => `${row}, seed ${seed}`;
