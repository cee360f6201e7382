import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '@medbench/runner';

/** Lists the corpora and tasks of a plan of whose files one is not below the folder of the data, by id. */
export function missingData({ corpora, tasks, validation }: Plan, dataRoot: string): string[] {
  const entries = [...corpora, ...(validation ? [validation.entry] : []), ...tasks];
  const isMissing = ({ info }: (typeof entries)[number]): boolean =>
    info.access !== 'generated' &&
    (info.files ?? []).some(({ path }) => ![path].flat().some((one) => existsSync(join(dataRoot, one))));
  return [...new Set(entries.filter(isMissing).map(({ id }) => id))];
}
