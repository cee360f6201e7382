import { join } from 'node:path';
import { ensureFolder, hashJson, readSealed, seal, writeFileAtomic } from '@medbench/core';
import type { Plan } from '@medbench/runner';
import { machineKey, speedsFolder } from '../../speeds/kept.js';
import type { Measurements } from './record.js';

/** Increase the number when the meaning of the file changes. */
const FORMAT = 1;

interface KeptMeasurements {
  readonly format: typeof FORMAT;
  readonly measurements: Measurements;
}

/**
 * Identifies what was measured: the machine, the backend, and all settings but those by which the costs are scaled.
 * @param backend id of the backend. @param processes number of processes that measure at once.
 */
function keyOf({ config, rows }: Plan, backend: string, processes: number): string {
  const { seeds: _, training, general, ...rest } = config;
  const { steps: __, stopAt: ___, checkpointEvery: ____, logEvery: _____, validation: ______, ...step } = training;
  const { steps: _______, ...ofGeneral } = general;
  const methods = rows.map((row) =>
    row.kind === 'method' ? [row.id, row.settings, row.entry.package.version] : row.id,
  );
  return hashJson([machineKey(), backend, processes, rest, step, ofGeneral, methods]);
}

const keptFile = (cache: string, plan: Plan, backend: string, processes: number): string =>
  join(speedsFolder(cache), 'costs', `${keyOf(plan, backend, processes).slice(0, 32)}.json`);

/** Keeps measurements for later plans, in place of earlier ones. */
export async function keepMeasurements(
  cache: string,
  { plan, backend, measurements }: { plan: Plan; backend: string; measurements: Measurements },
): Promise<void> {
  const file = keptFile(cache, plan, backend, measurements.processes);
  await ensureFolder(join(file, '..'));
  await writeFileAtomic(file, JSON.stringify(seal({ format: FORMAT, measurements } satisfies KeptMeasurements)));
}

/** The kept measurements of a plan; undefined if there are none on this machine. */
export function keptMeasurements(
  cache: string,
  plan: Plan,
  backend: string,
  processes: number,
): Measurements | undefined {
  const file = readSealed<KeptMeasurements>(keptFile(cache, plan, backend, processes));
  return file.state === 'intact' && file.value.format === FORMAT ? file.value.measurements : undefined;
}
