import { isDeepStrictEqual } from 'node:util';
import { errorMessage, isMedbenchError, MedbenchError, type RunResults } from '@medbench/core';
import { compareRows } from '@medbench/evaluation';
import { type CheckedFigures, checkFigures, readResults } from '@medbench/report';
import {
  type FindScores,
  fileState,
  findScores,
  isResultsFolder,
  type ManifestState,
  readManifest,
  scoreColumns,
} from '@medbench/runner/scores';
import { listFiles } from '../outgoing/list-files.js';

/** The findings of `verifyResults`. */
export interface VerifiedResults extends CheckedFigures {
  readonly files: readonly { readonly file: string; readonly state: ManifestState }[];
}

/** The tests of the table, computed anew from the scores. */
function checkTests({ statistics, ...results }: RunResults, find: FindScores): string[] {
  if (!statistics) return [];
  const computed = JSON.parse(JSON.stringify(compareRows(scoreColumns(results, find)).statistics)) as typeof statistics;
  // `comparisons` is the hash of a file that is not part of the folder.
  const shown = { ...statistics, comparisons: null };
  if (isDeepStrictEqual(shown, { ...computed, comparisons: null })) return [];
  const places = statistics.columns.flatMap((column) => {
    const other = computed.columns.find(({ task, protocol }) => task === column.task && protocol === column.protocol);
    return isDeepStrictEqual(column, other) ? [] : [`${column.task} (${column.protocol})`];
  });
  return [`the tests of ${places.length > 0 ? places.join(', ') : 'the ranks'} do not follow from the scores`];
}

/**
 * Says of a results folder whether its files are those of the manifest, and whether the figures of `results.json` follow
 * from the scores. Needs neither data nor plugins.
 * @throws MedbenchError('store') if the manifest is damaged; ('usage') if there is none.
 */
export async function verifyResults(folder: string): Promise<VerifiedResults> {
  if (!isResultsFolder(folder)) {
    throw new MedbenchError('usage', `${folder} is not a results folder`, {
      hint: 'medbench push --results --out DIR writes one.',
    });
  }
  const manifest = readManifest(folder);
  // A file such as .gitattributes belongs to whoever keeps the folder.
  const present = listFiles(folder).filter((name) => !name.startsWith('.'));
  const names = new Set([...Object.keys(manifest.files), ...present]);
  names.delete('manifest.json');
  const files = [];
  for (const file of names) files.push({ file, state: await fileState(folder, file, manifest) });
  const broken = files.some(({ state }) => state === 'damaged' || state === 'missing');
  if (broken) return { files, recomputed: 0, withoutScores: [], differences: [] };
  try {
    const results = await readResults(folder);
    const find = await findScores(folder, results);
    const { differences, ...counted } = checkFigures(results, find, { intervals: true });
    return { files, ...counted, differences: [...differences, ...checkTests(results, find)] };
  } catch (error) {
    // The files hold what the manifest says, and that is not what medbench writes.
    if (!isMedbenchError(error)) throw error;
    return { files, recomputed: 0, withoutScores: [], differences: [errorMessage(error)] };
  }
}
