import { createRequire } from 'node:module';
import type { ProtocolId, Settings } from '@medbench/core';

/** A row of the study that has result files. */
export interface StudyRow {
  readonly id: string;
  readonly title: string;
  /** Name of the checkpoint in the study's files, and its epoch, counted from 1. */
  readonly checkpoint: string;
  readonly epoch: number;
  /** Selector of the row in medbench, as in `--methods`. */
  readonly selector: string;
  /** Resolved settings of the method. A row of a run that has all settings of one entry is this row. */
  readonly settings: readonly Settings[];
  /** Ids of the doubts that hold for every figure of the row. */
  readonly doubts: readonly string[];
}

/** What is known of the test set of a task in the study. */
export interface StudyTask {
  /** Name of the data set in the study's files. */
  readonly dataset: string;
  /** Number of classes or labels. Absent for retrieval. */
  readonly classes?: number;
  /** Share of the most frequent class of the test set. Absent if it is not known. */
  readonly majority?: number;
  /** Number of test examples of class 1, of two classes. Absent if it is not known. */
  readonly positives?: number;
  /** Ids of the doubts that hold for every figure of the task under a protocol. */
  readonly doubts?: Readonly<Partial<Record<ProtocolId, readonly string[]>>>;
}

/** One result file of the study. */
export interface StudyResult {
  /** Id of the study's row. */
  readonly row: string;
  /** Id of the job that wrote the file. */
  readonly job: string;
  /** Id of the task in medbench. */
  readonly task: string;
  readonly protocol: ProtocolId;
  /** Number of test examples; of pairs for retrieval. */
  readonly n: number;
  /** Figures by the study's own names, see `medbenchMetric`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Accuracy by arg-max. Present if it differs from that by top-k, because half-precision scores tie. */
  readonly argMaxAccuracy?: number;
  /** Names of metrics that mean nothing. */
  readonly void?: readonly string[];
}

/** The result files of the study of arXiv:2406.07450, from the public repository of its authors. */
export interface StudyResults {
  readonly source: {
    readonly repository: string;
    readonly commit: string;
    readonly date: string;
    readonly note: string;
  };
  readonly tasks: Readonly<Record<string, StudyTask>>;
  readonly rows: readonly StudyRow[];
  /** Reasons to doubt figures, by id. */
  readonly doubts: Readonly<Record<string, string>>;
  readonly results: readonly StudyResult[];
}

let loaded: StudyResults | undefined;

/** Reads the result files of the study, which this package ships. */
export function readStudyResults(): StudyResults {
  loaded ??= createRequire(import.meta.url)('@medbench/studies/study-results.json') as StudyResults;
  return loaded;
}

// `lp_` marks the linear probe. Average precision of single-label tasks has no counterpart: the file leaves it out.
const NAMES: Readonly<Record<string, string>> = {
  acc1: 'accuracy',
  lp_acc1: 'accuracy',
  mean_per_class_recall: 'balanced_accuracy',
  lp_mean_per_class_recall: 'balanced_accuracy',
  f1_macro: 'f1',
  aucroc_macro: 'auc',
  mean_average_precision: 'mean_ap',
  map_macro: 'mean_ap',
};

// The study names what is found, medbench what is looked for by what: `image_retrieval` finds the image of a text.
const DIRECTIONS: Readonly<Record<string, string>> = { image_retrieval: 't2i', text_retrieval: 'i2t' };

/**
 * Returns medbench's name of a metric of the study.
 * @throws RangeError for a metric without a counterpart.
 */
export function medbenchMetric(name: string): string {
  const known = NAMES[name];
  if (known !== undefined) return known;
  const [, direction, k] = /^(\w+)_recall@(\d+)$/.exec(name) ?? [];
  const prefix = direction === undefined ? undefined : DIRECTIONS[direction];
  if (prefix === undefined) throw new RangeError(`The metric ${name} of the study has no counterpart`);
  return `${prefix}_recall@${k}`;
}
