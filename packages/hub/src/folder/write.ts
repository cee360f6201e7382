import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, type RunResults, seal, type TaskPrompts, writeFileAtomic } from '@medbench/core';
import {
  encodeScores,
  type FindScores,
  type ManifestFile,
  type PassedOnScores,
  ResultsLayout,
  type ResultsManifest,
  scoresName,
  splitsName,
} from '@medbench/runner/scores';
import { hubResultsCard, type ResultsCardOptions } from '../cards/results-card.js';
import type { LocalPaths } from '../outgoing/local-paths.js';
import { outgoingResults, restrictedTasks } from '../outgoing/results.js';

/** The parts of a run that a results folder is made from. */
export interface ResultsSource {
  readonly results: RunResults;
  /** Looks up the scores behind the cells (`findScores`). */
  readonly find: FindScores;
  /** `splits/<task>.parquet` by task. Tasks without one have no splits in the folder. */
  readonly splits: Readonly<Record<string, Uint8Array>>;
  /** Prompts by task. */
  readonly prompts: Readonly<Record<string, TaskPrompts>>;
  readonly paths: LocalPaths;
}

/** The scores of a task. Of data under an agreement neither labels nor predictions are passed on. */
function taskScores({ results, find }: ResultsSource, task: string, restricted: boolean): PassedOnScores[] {
  return results.cells.flatMap((cell): PassedOnScores[] => {
    const found = cell.task === task && cell.status === 'ok' ? find(cell) : undefined;
    if (!found || found.result.perExample.length === 0) return [];
    const { labels: _, predictions: __, ...scores } = found.result;
    const { method: row, control, seed, protocol } = cell;
    return [{ row, control, seed, protocol, data: found.data, result: restricted ? scores : found.result }];
  });
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/**
 * Writes a results folder. The same run gives the same bytes.
 * @returns names of the files, the manifest last.
 * @throws MedbenchError('store') if the folder cannot be written.
 */
export async function writeResultsFolder(
  folder: string,
  source: ResultsSource,
  options: Omit<ResultsCardOptions, 'splits'>,
): Promise<string[]> {
  const { results, splits, prompts, paths } = source;
  const restricted = restrictedTasks(results);
  const clean = outgoingResults(results, paths);
  const names: string[] = [];
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await writeFileAtomic(join(folder, name), content);
    names.push(name);
  };
  const card = hubResultsCard(clean, { ...options, splits: Object.keys(splits).length > 0 });
  await write('README.md', card);
  await write('results.json', toJson(seal(clean)));
  await write('prompts.json', toJson(paths.redactAll({ schemaVersion: 1, tasks: prompts })));
  for (const { id } of results.tasks) {
    const scores = taskScores(source, id, restricted.has(id));
    if (scores.length > 0) await write(scoresName(id), await encodeScores(scores));
    if (splits[id]) await write(splitsName(id), splits[id]);
  }
  const files: Record<string, ManifestFile> = {};
  for (const name of names) {
    const path = join(folder, name);
    files[name] = { bytes: (await stat(path)).size, sha256: await hashFile(path) };
  }
  const manifest = { format: 'medbench-results', version: 1, files } satisfies ResultsManifest;
  await writeFileAtomic(new ResultsLayout(folder).manifest, toJson(seal(manifest)));
  return [...names, 'manifest.json'];
}
