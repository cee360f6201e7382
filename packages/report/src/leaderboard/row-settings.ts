import type { RunResults } from '@medbench/core';
import { runInfo } from '../comparison/model.js';

/**
 * Settings that do not change what a row is: which rows and seeds a run has, where its data lie, how often it writes, and
 * how a batch was split to fit in memory.
 */
const NEUTRAL = [
  /^(seeds|methods|controls|preset|plugins|dataRoot|keepEmbeddings)$/,
  /^(leaks|embeddings|launcher)\./,
  /^training\.(checkpointEvery|logEvery|chunkSize)$/,
  /^version of node$/,
];

/** Corpora that are made of the training splits of the tasks of a run. */
const OF_TASKS = /^$|(^|, ?)task-pairs/;

/** The settings and versions of a run that its figures depend on, by name. */
export function rowSettings(results: RunResults): Map<string, string> {
  const { 'general.weights': weights } = results.run.settings;
  const settings = runInfo(results);
  return new Map(
    [...settings].filter(([name]) => {
      // Tasks change a row only through the pairs that it trains on; without a corpus, these are those of the tasks.
      if (name === 'tasks') return OF_TASKS.test(String(results.run.settings.corpora ?? ''));
      // Weights that are read were not trained with these.
      if (/^general\.(method|corpus|seed|steps|learningRate)$/.test(name)) return !weights || weights === 'null';
      return !NEUTRAL.some((pattern) => pattern.test(name));
    }),
  );
}

/** A setting whose value differs between runs, with the value in each; null where a run does not have it. */
export interface DifferingRowSetting {
  readonly name: string;
  readonly values: readonly (string | null)[];
}

/** The settings and versions in which several runs differ, of those that figures depend on. */
export function differingSettings(runs: readonly ReadonlyMap<string, string>[]): DifferingRowSetting[] {
  return [...new Set(runs.flatMap((run) => [...run.keys()]))]
    .map((name) => ({ name, values: runs.map((run) => run.get(name) ?? null) }))
    .filter(({ values }) => values.some((value) => value !== values[0]));
}
