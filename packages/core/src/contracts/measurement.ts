import type { RasterImage, Source } from './data.js';
import type { DualEncoderModel, ImagePreprocessing } from './encoder.js';
import type { SampledAnswers } from './gallery.js';
import type { ProtocolId } from './ids.js';
import type { HostTensors, Matrix } from './tensors.js';

/** Bounds of a confidence interval. */
export type ConfidenceInterval = readonly [low: number, high: number];

/** A row of the table as protocols see it: a model that embeds images and texts. */
export interface EvaluationModel {
  readonly id: string;
  /**
   * Whether the model embeds images, embeds texts, and puts both into one joint space. Protocols that need more are
   * left out.
   */
  readonly can: { readonly images: boolean; readonly texts: boolean; readonly joint: boolean };
  /**
   * Embeds images in the joint space. Returns `[N, D]` with rows of unit length.
   * @param as Name of these images within the task, such as `test`. Cached and exported embeddings use this name.
   */
  embedImages(images: Source<RasterImage>, as?: string): Promise<Matrix>;
  /** Computes image features before the projection, `[N, W]`. */
  imageFeatures(images: Source<RasterImage>, as?: string): Promise<Matrix>;
  /** Embeds texts in the joint space. Returns `[N, D]` with rows of unit length. */
  embedTexts(texts: readonly string[], as?: string): Promise<Matrix>;
  /** Factor that multiplies cosine similarities before a softmax: exp of the learned `logit_scale`. */
  readonly logitScale: number;
  /**
   * Returns the towers behind the embeddings, for a protocol that trains them further. Absent or undefined if there are
   * none, as for embeddings of another tool and for controls of fixed features.
   */
  towers?(): Promise<ModelTowers | undefined>;
}

/** The two towers of a model with their weights. */
export interface ModelTowers {
  /** Values of the parameters of `model()`. They belong to the model: whoever trains them works on a copy. */
  readonly weights: HostTensors;
  /** Side of the input images in pixels. */
  readonly imageSize: number;
  /** How images become the input of the image tower. Default: as in OpenAI's CLIP. */
  readonly preprocessing?: ImagePreprocessing;
  /**
   * The towers as functions.
   * @param contextLength number of token positions of the text tower, if it is to differ from that of the weights. Then
   *   the shapes of position tables differ from those of `weights`.
   * @throws MedbenchError('config') if the text tower cannot be built with that number.
   */
  model(contextLength?: number): DualEncoderModel;
  /** Turns texts into token ids, as the text tower was trained: `[N, length]`, row by row. */
  tokenize(texts: readonly string[], length: number): Int32Array;
}

/** A figure of the results table. */
export interface MetricValue {
  readonly value: number;
  /** 95 % confidence interval. */
  readonly ci95: ConfidenceInterval;
}

/** Confusion matrix and calibration of a classifier. */
export interface ClassificationDetail {
  /** Class names in label order. */
  readonly classes: readonly string[];
  /** Number of test examples by true class (row) and predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /**
   * Classes that occur in the test split and make up less than 5 % of the training split (of the test split if there is
   * no training split).
   */
  readonly rare: readonly string[];
  /** Calibration of the predicted probabilities. Optional: results written before this field was added lack it. */
  readonly calibration?: CalibrationBins;
}

/**
 * Test examples binned by the probability of their predicted class. Bins are (low, high] and have equal width. The
 * expected calibration error is `sum |right - count * confidence| / sum count` (Guo et al. 2017, eq. 3).
 */
export interface CalibrationBins {
  /** Number of examples of each bin. */
  readonly count: readonly number[];
  /** Number of correctly classified examples of each bin. */
  readonly right: readonly number[];
  /** Mean probability of the predicted class in each bin; 0 in an empty bin. */
  readonly confidence: readonly number[];
}

/** Recall@k for many k, image to text and text to image. */
export interface RecallCurve {
  /** Number of images. */
  readonly images: number;
  /** Number of texts. */
  readonly texts: number;
  readonly k: readonly number[];
  /** For each k, share of images that have a right text among the k nearest texts. */
  readonly imageToText: readonly number[];
  /** For each k, share of texts that have the right image among the k nearest images. */
  readonly textToImage: readonly number[];
}

/** A subset of the test examples, scored so that the mean score is the metric. */
export interface ScoredPart {
  /** Name of the metric, a key of `metrics`. */
  readonly metric: string;
  /** Indices into `perExample`, ascending. */
  readonly examples: readonly number[];
  readonly scores: readonly number[];
}

/** The result of one protocol on one task. */
export interface TaskResult {
  readonly protocol: ProtocolId;
  /** Name of the primary metric, a key of `metrics`. */
  readonly metric: string;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** Number of test examples behind the primary metric. */
  readonly n: number;
  /** Score of each test example (1 right, 0 wrong), for paired tests. */
  readonly perExample: readonly number[];
  /**
   * Scores of the test examples, weighted so that their mean is the primary metric. Absent if the mean of `perExample`
   * is.
   */
  readonly scores?: readonly number[];
  /** Subsets of the test examples that are compared separately, each by a metric of `metrics`. */
  readonly parts?: readonly ScoredPart[];
  /** Subject of each entry of `perExample`, such as a patient. Absent if no two examples share a subject. */
  readonly groups?: readonly number[];
  readonly classification?: ClassificationDetail;
  /** Classification only: label of each entry of `perExample`, an index into `classes`. */
  readonly labels?: readonly number[];
  /**
   * Answer to each entry of `perExample`: an index into `classes`, or for VQA into the answers of the training questions.
   * Optional: results written before this field was added lack it.
   */
  readonly predictions?: readonly number[];
  readonly retrieval?: RecallCurve;
  /** Answers to a few test examples, for a gallery of right and wrong answers. */
  readonly sampled?: readonly SampledAnswers[];
  /** Caveats for the reader of the figure. */
  readonly notes?: readonly string[];
}
