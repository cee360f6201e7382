import type { Registry } from '@medbench/core/services';
import type { Plan } from '../plan/plan.js';
import { resolveMethod } from '../plan/resolve.js';
import type { PlanRow } from '../plan/rows.js';
import { GENERAL } from '../store/index.js';
import type { Unit } from './id.js';

/** Lists the units of a plan in the order of the table. */
export const listUnits = ({ config, rows }: Plan): Unit[] =>
  config.seeds.flatMap((seed) => rows.map(({ id }) => ({ row: id, seed })));

/**
 * Returns the ids of the rows that start from the general-domain weights. A method that does not load is not among them:
 * it fails as a row.
 */
export async function rowsThatTransfer({ rows }: Pick<Plan, 'rows'>, registry: Registry): Promise<Set<string>> {
  const starts = async (row: PlanRow): Promise<boolean> => {
    if (row.kind !== 'method') return false;
    const resolved = await resolveMethod(registry, row.entry, row.settings).catch(() => undefined);
    return resolved?.method.start === GENERAL;
  };
  const transfers = await Promise.all(rows.map(starts));
  return new Set(rows.filter((_, i) => transfers[i]).map(({ id }) => id));
}
