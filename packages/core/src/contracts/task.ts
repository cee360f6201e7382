import type { Backend } from './backend.js';
import type { Access, DataContext, ExpectedFile, Inspection, OpenedCorpus, RasterImage, Source } from './data.js';
import type { EvaluationSettings } from './evaluation.js';
import type { SampledAnswers, TestExamples } from './gallery.js';
import type { PictureSplits } from './leaks.js';
import type { Profile } from './profile.js';
import type { Protocol } from './protocol.js';
import type { SettingSpec } from './settings.js';
import type { Matrix } from './tensors.js';

export type Modality = 'radiology' | 'histopathology' | 'dermatology' | 'ophthalmology' | 'ultrasound' | 'mixed';
export type TaskKind = 'classification' | 'retrieval' | 'vqa';
export type Interval = readonly [low: number, high: number];

export interface TaskInfo {
  readonly id: string;
  readonly title: string;
  /** Rises whenever a number could change. */
  readonly version: number;
  readonly modality: Modality;
  readonly kind: TaskKind;
  readonly protocols: readonly Protocol[];
  /** Class names in label order; empty for retrieval and VQA. */
  readonly classes: readonly string[];
  /** What stands for each class in a prompt, in label order. Default: its name. */
  readonly phrases?: readonly string[];
  /** Prompt templates of zero-shot classification, in which `{}` stands for a class's phrase. */
  readonly templates?: readonly string[];
  /** Number of examples; 0 where the data set has no such split. */
  readonly splits: { readonly train: number; readonly val: number; readonly test: number };
  /** What the published numbers count, where that is not the examples of the task. */
  readonly counted?: string;
  /** Published number of examples of each class, in label order, by split (`all` where there is no split). */
  readonly classCounts?: Readonly<Record<string, readonly number[]>>;
  readonly licence: string;
  readonly access: Access;
  /**
   * Whether its licence lets small pictures with their texts be shown in reports. Default: only where they are generated.
   * Those under an agreement or credentials are withheld whatever this says.
   */
  readonly pictures?: 'shown' | 'withheld';
  readonly citation: string;
  /** Where the data is obtained, and what must be signed for it. */
  readonly source?: string;
  /** What must lie below the data root. */
  readonly files?: readonly ExpectedFile[];
  /** What the configuration may change about it (`taskSettings.<id>.<name>`). */
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /** What a reader of an average over tasks must know: shared pictures, training data in common, a split that leaks. */
  readonly caveats?: readonly string[];
  /** Name of the primary metric of each protocol. */
  readonly metric: Readonly<Partial<Record<Protocol, string>>>;
  readonly presets: readonly string[];
}

/** A row of the table as a task sees it: something that turns images and texts into vectors. */
export interface EvaluationModel {
  readonly id: string;
  /** What it can embed, and whether images and texts share one space. A task runs the protocols that this allows. */
  readonly can: { readonly images: boolean; readonly texts: boolean; readonly joint: boolean };
  /**
   * Joint-space embeddings, rows of unit length, `[N, D]`.
   * @param as What they are within the task, such as `test`: under this name they are kept and exchanged.
   */
  embedImages(images: Source<RasterImage>, as?: string): Promise<Matrix>;
  /** Features before the projection, `[N, W]`. */
  imageFeatures(images: Source<RasterImage>, as?: string): Promise<Matrix>;
  /** Joint-space embeddings, rows of unit length, `[N, D]`. */
  embedTexts(texts: readonly string[], as?: string): Promise<Matrix>;
  /** exp of the learned logit scale; multiplies cosine similarities before a softmax. */
  readonly logitScale: number;
}

export interface TaskContext extends DataContext {
  readonly protocols: readonly Protocol[];
  /** How they are carried out. Default: as `medbench run` does without settings. */
  readonly evaluation?: EvaluationSettings | undefined;
  /** The engine of the run, for protocols that multiply large matrices. Without it they take longer; figures are the same. */
  readonly backend?: Backend | undefined;
  /** Hears what the time goes into. */
  readonly profile?: Profile | undefined;
}

export interface Metric {
  readonly value: number;
  /** 95 % interval. */
  readonly ci95: Interval;
}

/** What a classifier took for what. */
export interface ClassificationDetail {
  /** Class names in label order. */
  readonly classes: readonly string[];
  /** Number of test examples by true class (row) and predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /**
   * Classes under 5 % of the training split (of the test split where there is none) that occur in the test split. The
   * metric `rare_recall` is the mean of their recalls.
   */
  readonly rare: readonly string[];
  /** How far confidence can be trusted. Absent in results of older versions. */
  readonly calibration?: CalibrationBins;
}

/**
 * Test examples by the probability of their predicted class, in bins of equal width, (low, high]. The expected calibration
 * error is `sum |right - count * confidence| / sum count` (Guo et al. 2017, eq. 3).
 */
export interface CalibrationBins {
  /** Number of examples of each bin. */
  readonly count: readonly number[];
  /** Of them, those that are classified right. */
  readonly right: readonly number[];
  /** Mean probability of the predicted class; 0 in an empty bin. */
  readonly confidence: readonly number[];
}

/** Recall@k over many k, both ways, for a curve. */
export interface RecallCurve {
  readonly images: number;
  readonly texts: number;
  readonly k: readonly number[];
  /** Share of images of which a right text is among the k nearest. */
  readonly imageToText: readonly number[];
  /** Share of texts of which the right image is among the k nearest. */
  readonly textToImage: readonly number[];
}

/** One protocol's outcome on one task. */
export interface TaskResult {
  readonly protocol: Protocol;
  /** Name of the primary metric, a key of `metrics`. */
  readonly metric: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Number of test examples behind the primary metric. */
  readonly n: number;
  /** Score of each test example under the primary metric (1 right, 0 wrong), kept for paired tests. */
  readonly perExample: readonly number[];
  /** Whom or what each entry of `perExample` is about, such as a patient, where several may be about one. */
  readonly groups?: readonly number[];
  readonly classification?: ClassificationDetail;
  /** Of classification: the label of each entry of `perExample`, an index into `classes`. */
  readonly labels?: readonly number[];
  readonly retrieval?: RecallCurve;
  /** What was said of a few test examples, for a gallery of right and wrong answers. */
  readonly sampled?: readonly SampledAnswers[];
  /** Anything that a reader must know beside the number. */
  readonly notes?: readonly string[];
}

export interface TaskOutcome {
  readonly synthetic: boolean;
  readonly results: readonly TaskResult[];
}

/**
 * A downstream task: data-like facts (`@Task`) and how its files are opened. Protocols live in `@medbench/evaluation`.
 */
export interface Task {
  /** Content hash of what `evaluate` reads. @throws MedbenchError if the data is not there. */
  fingerprint(context: DataContext): Promise<string>;
  evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome>;
  /** Counts what is there, opening no picture. @throws MedbenchError naming what is missing or wrong. */
  inspect?(context: DataContext): Promise<Inspection>;
  /** Its pictures by split, in the order in which `evaluate` takes them. Without it nothing is searched for leaks. */
  pictures?(context: DataContext): Promise<PictureSplits>;
  /** Test examples for a report, asked for only where they may be shown (`mayShow`). Without it no gallery is made. */
  examples?(context: DataContext): Promise<TestExamples>;
  /** Pairs made of the training split, for labs without a corpus. Never touches another split. */
  pairs?(context: DataContext): Promise<OpenedCorpus>;
}

export interface ControlInfo {
  readonly id: string;
  readonly title: string;
  /** Protocols in which the control says something. */
  readonly protocols: readonly Protocol[];
  /** Whether its rows need the run's encoders (`untrained` in the context); one that does not stands beside any embeddings. */
  readonly needsTowers: boolean;
  readonly source: string;
}

export interface ControlContext {
  readonly seed: number;
  /** Embeds with freshly initialised towers of the run's encoders. */
  readonly untrained: () => Promise<EvaluationModel>;
}

/** A row that no method trained and that every method should beat. */
export interface Control {
  model(context: ControlContext): Promise<EvaluationModel>;
}
