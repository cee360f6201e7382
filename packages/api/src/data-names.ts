import { type Catalogue, entriesOfKind } from '@medbench/core/catalogue';
import type { Plan } from '@medbench/runner';

/**
 * The names in the data folder under which a run looks for its data sets: the first part of each path. Undefined if a task
 * or a corpus of the run does not say what it reads. Generated data is written by the plugin that reads it.
 */
export function dataNames({ tasks, corpora, validation, config }: Plan, catalogue: Catalogue): string[] | undefined {
  const general = entriesOfKind(catalogue, 'corpus').find(({ id }) => id === config.general.corpus);
  if (!general) return undefined;
  const entries = [...tasks, ...corpora, general, ...(validation ? [validation.entry] : [])];
  const infos = entries.map(({ info }) => info).filter(({ access }) => access !== 'generated');
  if (infos.some(({ files = [] }) => files.length === 0)) return undefined;
  const paths = infos.flatMap(({ files = [] }) => files.flatMap(({ path }) => path));
  return [...new Set(paths.map((path) => path.split('/')[0]!))];
}
