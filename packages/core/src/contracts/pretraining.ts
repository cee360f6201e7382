import type { Backend } from './backend.js';
import type { OpenedCorpus } from './data.js';
import type { Activation, Encoder } from './encoder.js';
import type { EvaluationModel } from './measurement.js';
import type { ResolvedMethod, StartingWeights } from './method.js';
import type { Profile } from './profile.js';
import type { TrainingRecord } from './results.js';
import type { Settings } from './settings.js';

/** Sizes of the model and of its vocabulary: the same for every row of a run. */
export interface ModelSettings {
  /** D, the width of the joint space. */
  readonly embedDim: number;
  /** Byte-pair merges of CLIP's tokenizer that are used; null for all 48,894. */
  readonly merges: number | null;
  /** Of the transformers' blocks: QuickGELU for OpenAI's weights, GELU for most of open_clip's. */
  readonly activation: Activation;
}

/** Pairs that are held out of training, and what their loss decides. */
export interface ValidationSettings {
  /** Share of the corpus that is held out, the same pairs for every row and seed; 0: none. */
  readonly share: number;
  /** Batches that are held out at most. */
  readonly batches: number;
  /** Steps between two looks at their loss. */
  readonly every: number;
  /** Training ends after so many looks without a lower loss; null: it never ends early. */
  readonly patience: number | null;
  /** Which weights are kept: those of the last step, or of the lowest validation loss. */
  readonly keep: 'last' | 'best';
}

/** The training set-up: the same for every row of a run. */
export interface TrainingSettings {
  readonly steps: number;
  /**
   * Training stops after so many of its steps, to be gone on with another time; null: it goes to the end. The schedule is
   * that of all steps, so whoever goes on ends with the weights of a training that never stopped.
   */
  readonly stopAt: number | null;
  readonly batchSize: number;
  /**
   * Examples that are held in memory at once. A number smaller than the batch trains by gradient caching, with the gradient
   * of the whole batch. null: the whole batch, or the largest chunks that fit where the backend tells that it will not fit
   * this machine, which the log and the row's record then say.
   */
  readonly chunkSize: number | null;
  /** Peak of the schedule. */
  readonly learningRate: number;
  /** Steps of linear warm-up before the cosine. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest global gradient norm; null for no clipping. */
  readonly clipNorm: number | null;
  readonly validation: ValidationSettings;
  /** Area fraction of the random resized crop. */
  readonly cropScale: readonly [number, number];
  /** Steps between checkpoints from which an interrupted training goes on. */
  readonly checkpointEvery: number;
  /** Steps between entries in the log. */
  readonly logEvery: number;
}

/** What builds the two towers of a run. */
export interface ModelRequest {
  readonly image: Encoder;
  readonly text: Encoder;
  readonly model: ModelSettings;
  readonly backend: Backend;
  readonly log: (message: string) => void;
  /** Hears what the time goes into. */
  readonly profile?: Profile;
}

export interface TrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

export interface TrainRequest extends ModelRequest {
  /** Row of the table, for messages. */
  readonly row: string;
  readonly method: ResolvedMethod;
  readonly settings: Settings;
  /** Overrides where the method starts (the general-domain weights themselves start from scratch). */
  readonly start: StartingWeights;
  /** safetensors file of the general-domain weights, if `start` is `general`. */
  readonly generalWeights?: string;
  readonly seed: number;
  readonly corpus: OpenedCorpus;
  readonly training: TrainingSettings;
  /** Folder of this row: `weights.safetensors` at the end, `resume.safetensors` on the way. */
  readonly folder: string;
  /** Identifies everything that the weights depend on; a resume file with another key is not used. */
  readonly key: string;
  readonly progress: (progress: TrainProgress) => void;
  /** One structured entry for the run's log. */
  readonly event: (entry: Readonly<Record<string, unknown>>) => void;
  readonly signal: AbortSignal;
}

export interface TrainOutcome {
  /** The trained weights, safetensors: `weights.safetensors`, or `weights-<step>.safetensors` where training stopped on the way. */
  readonly weights: string;
  readonly record: Omit<TrainingRecord, 'method' | 'seed'>;
}

/** Weights that were made elsewhere, found but not loaded yet. */
export interface ForeignWeights {
  /** SHA-256 of the file. */
  readonly fingerprint: string;
  /**
   * Loads them into the model of a run and writes them to its folder, as `weights.safetensors`.
   * @throws MedbenchError('weights') that lists what is missing, unexpected or of another shape.
   */
  import(request: ModelRequest, target: { readonly folder: string; readonly key: string }): Promise<TrainOutcome>;
}

/** An evaluation model holds backend memory until disposed. */
export type LoadedModel = EvaluationModel & { dispose(): Promise<void> };

/** Pre-trains and embeds. Implemented by `@medbench/training`, bound in the composition root. */
export interface Pretraining {
  /** @throws MedbenchError('training') on a loss that is not finite, naming the step. */
  train(request: TrainRequest): Promise<TrainOutcome>;
  /**
   * Finds weights in the layout of OpenAI/open_clip or Hugging Face: a safetensors file, its folder, or an id on the hub.
   * @throws MedbenchError('weights') saying what was looked for.
   */
  findWeights(name: string, log: (message: string) => void): Promise<ForeignWeights>;
  /** Loads trained weights, or freshly initialised ones for a seed, as something that embeds. */
  load(
    request: ModelRequest,
    weights: { readonly file: string } | { readonly untrainedSeed: number },
  ): Promise<LoadedModel>;
}
