import type { RasterImage, Source } from './data.js';
import type { SampledAnswers } from './gallery.js';
import type { ProtocolId } from './ids.js';
import type { Matrix } from './tensors.js';

export type ConfidenceInterval = readonly [low: number, high: number];

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

export interface MetricValue {
  readonly value: number;
  /** 95 % interval. */
  readonly ci95: ConfidenceInterval;
}

/** What a classifier took for what. */
export interface ClassificationDetail {
  /** Class names in label order. */
  readonly classes: readonly string[];
  /** Number of test examples by true class (row) and predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /**
   * Classes under 5 % of the training split (of the test split where there is none) that occur in the test split.
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

/** Some of the test examples, scored so that the mean of the scores is the metric. */
export interface ScoredPart {
  /** A key of `metrics`. */
  readonly metric: string;
  /** Places in `perExample`, rising. */
  readonly examples: readonly number[];
  readonly scores: readonly number[];
}

/** One protocol's outcome on one task. */
export interface TaskResult {
  readonly protocol: ProtocolId;
  /** Name of the primary metric, a key of `metrics`. */
  readonly metric: string;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** Number of test examples behind the primary metric. */
  readonly n: number;
  /** Score of each test example (1 right, 0 wrong), kept for paired tests. */
  readonly perExample: readonly number[];
  /** The same weighted so that the mean is the primary metric, where that of `perExample` is not. */
  readonly scores?: readonly number[];
  /** Parts of the test examples that are compared on their own, each under a metric of `metrics`. */
  readonly parts?: readonly ScoredPart[];
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
