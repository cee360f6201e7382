import { isRestricted, type ResultCell, type RunResults } from '@medbench/core';
import type { LocalPaths } from './local-paths.js';

/** Notes of medbench's own leak search, which hold counts alone. */
const OWN_NOTE = /^leak: /;

/** Ids of the tasks whose data is under an agreement or credentials, or of unknown access. */
export const restrictedTasks = ({ tasks }: RunResults): ReadonlySet<string> =>
  new Set(tasks.filter(({ access }) => access === undefined || isRestricted(access)).map(({ id }) => id));

/**
 * Results as they are passed on: without the texts of errors, which may quote data; without the notes of tasks under an
 * agreement, which plugins may have written anything into; and without paths of this machine.
 */
export function outgoingResults(results: RunResults, paths: LocalPaths): RunResults {
  const restricted = restrictedTasks(results);
  const cells = results.cells.map((cell): ResultCell => {
    const { error, notes, ...figures } = cell;
    const kept = restricted.has(cell.task) ? notes?.filter((note) => OWN_NOTE.test(note)) : notes;
    return {
      ...figures,
      ...(error === undefined ? {} : { error: 'the reason is not passed on' }),
      ...(kept ? { notes: kept } : {}),
    };
  });
  return paths.redactAll({ ...results, cells });
}

/** Lists the parts of a run that are not passed on, each with the reason. */
export function leftOut(results: RunResults, kind: 'model' | 'dataset'): string[] {
  const restricted = restrictedTasks(results);
  const closed = results.tasks.filter(({ id }) => restricted.has(id)).map(({ id }) => id);
  const failed = results.cells.filter(({ status }) => status === 'failed').length;
  return [
    'run.json, logs, profiles: they name folders and the machine',
    'galleries, report: they may hold images and texts',
    ...(kind === 'model'
      ? ['scores of single examples: push --results passes them on', 'weights of other rows and seeds']
      : ['weights, embeddings: push --method passes weights on']),
    ...(closed.length > 0 ? [`labels, predictions, notes of ${closed.join(', ')}: not open data`] : []),
    ...(failed > 0 ? [`the reasons of ${failed} failed cells: errors may quote data`] : []),
  ];
}
