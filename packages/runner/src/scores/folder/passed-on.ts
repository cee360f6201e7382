import { existsSync } from 'node:fs';
import { MedbenchError, type RunResults } from '@medbench/core';
import type { FindScores } from '../find-scores.js';
import { ResultsLayout, scoresName } from './layout.js';
import { fileState, readManifest } from './manifest.js';
import { readScoreFile } from './score-file.js';
import type { PassedOnScores } from './score-rows.js';

/**
 * Reads the scores of all tasks of a results folder.
 * @throws MedbenchError('store') naming a file that does not hold what the manifest says; others as `readScoreFile`.
 */
export async function readPassedOn(folder: string, { tasks }: RunResults): Promise<FindScores> {
  const manifest = readManifest(folder);
  const layout = new ResultsLayout(folder);
  const known = new Map<string, PassedOnScores>();
  const scoreKey = (...names: readonly (string | number)[]): string => JSON.stringify(names);
  for (const { id } of tasks) {
    const path = layout.scores(id);
    if (!existsSync(path) && !manifest.files[scoresName(id)]) continue;
    const state = await fileState(folder, scoresName(id), manifest);
    if (state !== 'intact') {
      throw new MedbenchError('store', `${path} is ${state}: it does not hold what the manifest says`, {
        hint: 'Download the results again, or ask whoever passed them on.',
      });
    }
    for (const scores of await readScoreFile(path)) {
      known.set(scoreKey(id, scores.row, scores.seed, scores.protocol), scores);
    }
  }
  return (cell) => {
    const found = known.get(scoreKey(cell.task, cell.method, cell.seed, cell.protocol));
    if (found?.result.metric !== cell.metric) return undefined;
    const { protocol, metrics, n, classification } = cell;
    return {
      data: found.data,
      result: { ...found.result, protocol, metrics, n, ...(classification ? { classification } : {}) },
    };
  };
}
