import type { Backend, Precision } from './backend.js';
import type { OpenedCorpus } from './data.js';
import type { Activation, DualEncoderModel, Encoder, ImagePreprocessing, Tower } from './encoder.js';
import type { EvaluationModel } from './measurement.js';
import type { ResolvedMethod, StartingWeights } from './method.js';
import type { Profile } from './profile.js';
import type { TrainingRecord } from './results.js';
import type { Settings } from './settings.js';
import type { ValidationSettings } from './validation.js';

/** Sizes of the model and of its vocabulary, the same for every row of a run. */
export interface ModelSettings {
  /** D, the width of the joint space. */
  readonly embedDim: number;
  /** Number of byte-pair merges of CLIP's tokenizer to use; null for all 48,894. */
  readonly merges: number | null;
  /**
   * Vocabulary of a text tower that reads word pieces: `vocab.txt`, `tokenizer.json`, their folder, or an id on the hub.
   * Default null: the demo's small vocabulary, for encoders that take it.
   */
  readonly vocabulary?: string | null;
  /** Number of token positions of the text tower. Default null: the encoder's own. */
  readonly contextLength?: number | null;
  /** Activation of the transformers' blocks: QuickGELU for OpenAI's weights, GELU for most of open_clip's. */
  readonly activation: Activation;
  /** Preprocessing of images in place of that which the image tower declares. Null or undefined: the tower's. */
  readonly preprocessing?: ImagePreprocessing | null;
}

/** How training images are cropped. */
export interface CropSettings {
  /**
   * `resized`: a random part whose share of the area lies in `cropScale`, resized to the model's image size. `fixed`: the
   * shorter side is resized to `side` pixels and a random part of the model's image size is cut out.
   */
  readonly kind: 'resized' | 'fixed';
  /** Shorter side of `fixed` in pixels for an image size of 224; it scales with the model's image size. */
  readonly side: number;
}

/** Settings of training, the same for every row of a run. */
export interface TrainingSettings {
  readonly steps: number;
  /**
   * Step after which training stops, to be resumed later; null: training runs to the end. The learning-rate schedule
   * covers all `steps`, so a resumed training ends with the same weights as one that never stopped.
   */
  readonly stopAt: number | null;
  readonly batchSize: number;
  /**
   * Number of examples in memory at once. Below the batch size, training uses gradient caching, with the gradient of
   * the whole batch. null: the whole batch, or, if the backend estimates that the batch does not fit this machine, the
   * largest chunks that fit. The log and the training record then name the chunk size.
   */
  readonly chunkSize: number | null;
  /** Peak learning rate of the schedule. */
  readonly learningRate: number;
  /** Number of linear warm-up steps before the cosine decay. */
  readonly warmup: number;
  readonly weightDecay: number;
  /**
   * Which parameters decay: `current` (matrices, but no position tables) or `historic` (position tables too), open_clip's
   * rules. Default `current`.
   */
  readonly decay?: 'current' | 'historic';
  /** Arithmetic of the products of a training, see `LoadOptions.precision`. Default `float32`. */
  readonly precision?: Precision;
  /** Number of devices that divide each batch, see `LoadOptions.devices`. Default 1. */
  readonly devices?: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Maximum global gradient norm; null for no clipping. */
  readonly clipNorm: number | null;
  readonly validation: ValidationSettings;
  /** Smallest and largest share of the area that the random resized crop keeps. */
  readonly cropScale: readonly [number, number];
  /** Default: `resized`. */
  readonly crop?: CropSettings;
  /** Number of steps between checkpoints, from which an interrupted training resumes. */
  readonly checkpointEvery: number;
  /** Number of steps between log entries. */
  readonly logEvery: number;
}

/** Encoders, sizes and backend for building the two towers of a run. */
export interface ModelRequest {
  readonly image: Encoder;
  readonly text: Encoder;
  readonly model: ModelSettings;
  readonly backend: Backend;
  readonly log: (message: string) => void;
  /** Number of devices that divide each batch of embeddings, see `LoadOptions.devices`. Default 1. */
  readonly devices?: number;
  /**
   * Makes the towers of a row from those of the run, as its method asks; see `Method.towers`. Default: they stay as they
   * are. `train` does not read it: it has the method.
   */
  readonly towers?: (model: DualEncoderModel) => DualEncoderModel;
  /** Receives the time spent in each phase. */
  readonly profile?: Profile;
}

/** Progress of a training. */
export interface TrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** A request to train one row of the table with one seed. */
export interface TrainRequest extends ModelRequest {
  /** Id of the row, for messages. */
  readonly row: string;
  readonly method: ResolvedMethod;
  readonly settings: Settings;
  /** Initial weights; overrides the method's own, because the general-domain weights themselves start from scratch. */
  readonly start: StartingWeights;
  /** Safetensors file of the general-domain weights. Required if `start` is `general`. */
  readonly generalWeights?: string;
  readonly seed: number;
  readonly corpus: OpenedCorpus;
  /** Pairs that the validation loss is measured on. Default: those that `validation.share` holds out of `corpus`. */
  readonly validationCorpus?: OpenedCorpus;
  readonly training: TrainingSettings;
  /** Folder of this row. Training writes `resume.safetensors` at checkpoints and `weights.safetensors` at the end. */
  readonly folder: string;
  /** Hash of everything that the weights depend on. A resume file with another key is ignored. */
  readonly key: string;
  readonly progress: (progress: TrainProgress) => void;
  /** Adds one structured entry to the run's log. */
  readonly event: (entry: Readonly<Record<string, unknown>>) => void;
  /** Is told the path of a checkpoint that does not hold what was written, and therefore counts as none. */
  readonly damaged?: (file: string) => void;
  /**
   * Is called before each file is written.
   * @throws MedbenchError('store') if another process has taken this training over.
   */
  readonly mayWrite?: () => void;
  /** Aborts the training when the user asks to stop. */
  readonly signal: AbortSignal;
}

/** The result of a training. */
export interface TrainOutcome {
  /**
   * File of the trained weights: `weights.safetensors`, or `weights-<step>.safetensors` if training stopped at
   * `stopAt`.
   */
  readonly weights: string;
  readonly record: Omit<TrainingRecord, 'method' | 'seed'>;
}

/** Weights made by another tool, found but not loaded yet. */
export interface ForeignWeights {
  /** SHA-256 of the file. */
  readonly fingerprint: string;
  /**
   * Loads the weights into the model of a run and writes `weights.safetensors` to the target folder.
   * @throws MedbenchError('weights') listing the tensors that are missing, unexpected or of another shape.
   */
  import(
    request: ModelRequest,
    target: {
      readonly folder: string;
      readonly key: string;
      /** Towers that other weights are laid over, and that these may have of another kind. Default: none. */
      readonly replaced?: readonly Tower[];
    },
  ): Promise<TrainOutcome>;
}

/** Weights of one tower made by another tool, found but not loaded yet. */
export interface ForeignTower {
  readonly tower: Tower;
  /** SHA-256 of the file. */
  readonly fingerprint: string;
  /**
   * Replaces the tower's weights in a file of both towers. The projection into the joint space, if the tower's file has
   * none, is drawn for the seed.
   * @throws MedbenchError('weights') listing the tensors that are missing or of another shape.
   */
  layOver(
    request: ModelRequest,
    target: { readonly file: string; readonly key: string; readonly seed: number },
  ): Promise<void>;
}

/** An evaluation model that holds backend memory until it is disposed. */
export type LoadedModel = EvaluationModel & { dispose(): Promise<void> };

/** Trains methods and loads trained weights. Implemented by `@medbench/training` and bound in the composition root. */
export interface Pretraining {
  /** Trains one row. @throws MedbenchError('training') naming the step if the loss is not finite. */
  train(request: TrainRequest): Promise<TrainOutcome>;
  /**
   * Finds weights in the layout of OpenAI/open_clip or Hugging Face.
   * @param name a safetensors file, its folder, or an id on the Hugging Face hub.
   * @throws MedbenchError('weights') listing the places that were searched.
   */
  findWeights(name: string, log: (message: string) => void): Promise<ForeignWeights>;
  /**
   * Finds the weights of one tower, such as those of a BERT.
   * @param name a safetensors file, its folder, or an id on the Hugging Face hub.
   * @throws MedbenchError('weights') listing the places that were searched.
   */
  findTower(tower: Tower, name: string, log: (message: string) => void): Promise<ForeignTower>;
  /**
   * Identifies the vocabulary that the text tower reads by its content. Undefined if the settings of the model name the
   * tokenizer completely.
   * @throws MedbenchError('config') if the text encoder and `model.vocabulary` do not fit.
   */
  identifyVocabulary(request: Pick<ModelRequest, 'text' | 'model' | 'log'>): Promise<string | undefined>;
  /** Loads trained weights, or initial weights for a seed, as a model that embeds. */
  load(
    request: ModelRequest,
    weights: { readonly file: string } | { readonly untrainedSeed: number },
  ): Promise<LoadedModel>;
}
