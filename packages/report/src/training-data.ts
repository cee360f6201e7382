import { readFile } from 'node:fs/promises';
import type { DataAccess, RunResults, TrainingRecord } from '@medbench/core';
import { GENERAL, RunLayout } from '@medbench/runner/layout';

/** Id of the corpus made from the training splits of the run's tasks. */
const TASK_PAIRS = 'task-pairs';

/** Data that weights were trained on or chosen by. */
export interface TrainingData {
  /** Id of the corpus, or of the task whose training split it is. */
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  /** Undefined if the results do not record it. */
  readonly access: DataAccess | undefined;
  readonly source: string;
}

/** The data that the weights were trained on or chosen by, as far as the results record it. */
export function trainingData(results: RunResults, { method, setup }: TrainingRecord): TrainingData[] {
  const { corpora = [], tasks, run } = results;
  const general = String(run.settings['general.corpus'] ?? '');
  const corpusIds =
    method === GENERAL
      ? [general]
      : [
          ...run.corpora,
          ...(run.validationCorpus === undefined ? [] : [run.validationCorpus]),
          ...(setup?.start === 'general' ? [general] : []),
        ];
  return [...new Set(corpusIds)].flatMap((id): TrainingData[] => {
    if (id === '') return [];
    if (id === TASK_PAIRS) {
      return tasks.map(({ id: task, title, licence, access, citation }) => ({
        id: task,
        title: `${title}: training split (if it provides pairs), with texts made from labels or answers`,
        licence: licence ?? 'not recorded',
        access,
        source: citation ?? 'not recorded',
      }));
    }
    const match = corpora.find((corpus) => corpus.id === id);
    if (!match) return [{ id, title: id, licence: 'not recorded', access: undefined, source: 'not recorded' }];
    return [{ ...match, source: [match.source, match.citation].filter(Boolean).join('; ') }];
  });
}

/**
 * Finds the record of a training: in the results, or for the general-domain weights, which are not a row of them, beside
 * the weights. Undefined if there is none.
 */
export async function findTrainingRecord(
  runDir: string,
  { training }: RunResults,
  method: string,
  seed: number,
): Promise<TrainingRecord | undefined> {
  const recorded = training.find((record) => record.method === method && record.seed === seed);
  if (recorded || method !== GENERAL) return recorded;
  try {
    const file = new RunLayout(runDir).training(method, seed);
    return (JSON.parse(await readFile(file, 'utf8')) as { record: TrainingRecord }).record;
  } catch {
    return undefined;
  }
}
