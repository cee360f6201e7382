import type { LaunchUnit } from '@medbench/core';

/** Units that are submitted as one: a job, or an array of jobs. */
export interface Batch {
  /** Name of the script, without `.sh`. */
  readonly name: string;
  readonly units: readonly string[];
  /** Ids of the units that must have ended before, well or not. */
  readonly needs: readonly string[];
}

/** Largest array: SLURM's own limit is 1001 unless a site changes it. */
const LARGEST = 1000;

/** Id of the unit that writes the table, the one that needs all others. */
export const GATHER = 'gather';

/**
 * Groups units with the same needs, in their order. Units that no other needs, and that are no table, become arrays.
 * @param units units to submit, without those that are done.
 */
export function makeBatches(units: readonly Pick<LaunchUnit, 'id' | 'needs'>[]): Batch[] {
  const needed = new Set(units.flatMap(({ id, needs }) => (id === GATHER ? [] : needs)));
  const groups = new Map<
    string,
    { readonly name: string; readonly units: string[]; readonly needs: readonly string[] }
  >();
  for (const { id, needs } of units) {
    const single = id === GATHER || needed.has(id);
    const key = single ? id : JSON.stringify(needs);
    const group = groups.get(key);
    if (group) group.units.push(id);
    else groups.set(key, { name: single ? id : 'rows', units: [id], needs });
  }
  const batches = [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.units.length / LARGEST) }, (_, i) => ({
      ...group,
      units: group.units.slice(i * LARGEST, (i + 1) * LARGEST),
    })),
  );
  const seen = new Map<string, number>();
  return batches.map((batch) => {
    const before = seen.get(batch.name) ?? 0;
    seen.set(batch.name, before + 1);
    return before === 0 ? batch : { ...batch, name: `${batch.name}-${before + 1}` };
  });
}

/** Whether a batch is an array of jobs, one for each unit. */
export const isArray = ({ name }: Batch): boolean => name.startsWith('rows');
