import type { CorpusInfo, DataAccess } from './data.js';
import type { ProtocolId } from './ids.js';
import type { LeakCounts } from './leaks.js';
import type { ClassificationDetail, ConfidenceInterval, MetricValue, RecallCurve } from './measurement.js';
import type { StartingWeights } from './method.js';
import type { MetricInfo } from './protocol.js';
import type { Settings } from './settings.js';
import type { RunStatistics } from './statistics.js';
import type { ValidationLoss } from './validation.js';

/** One cell of the results table: the figure of a method or control for one task, protocol and seed. */
export interface ResultCell {
  readonly method: string;
  /** True for control rows, which no method trained. */
  readonly control: boolean;
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly seed: number;
  /** Name of the primary metric. */
  readonly metric: string;
  /** Value of the primary metric; null if the cell failed. */
  readonly value: number | null;
  readonly ci95: ConfidenceInterval | null;
  /** Number of test examples behind the primary metric. */
  readonly n: number;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly seconds: number;
  readonly status: 'ok' | 'failed';
  readonly error?: string;
  /** True if any of the data behind the figure was generated. */
  readonly synthetic: boolean;
  readonly notes?: readonly string[];
  /** Classification only: confusion matrix, rare classes, calibration. */
  readonly classification?: ClassificationDetail;
  /** Retrieval only: recall@k for many k. */
  readonly retrieval?: RecallCurve;
  /**
   * Number of test images that training has seen, by split or corpus. `leaks/<task>.json` in the run folder lists the
   * images. Absent if no search was done.
   */
  readonly leaks?: readonly LeakCounts[];
}

/** The frozen part of a tower. */
export interface FrozenPart {
  /** Frozen blocks, for example `6 of 12`. */
  readonly blocks: string;
  /** Number of frozen parameters. */
  readonly parameters: number;
}

/** How this row's set-up differs from the other rows of the run, read from the method. Everything else is identical. */
export interface RowSetup {
  readonly start: StartingWeights;
  readonly frozen: { readonly image: FrozenPart; readonly text: FrozenPart };
  /** Number of parameters besides the two towers and the logit scale; they are discarded after training. */
  readonly own: number;
  /**
   * Number of parameters of the towers that the towers of the run do not have; they start from random weights and are
   * kept. Absent if the method does not change the towers.
   */
  readonly newInTowers?: number;
  /** Names of the inputs besides image and text, of all phases. */
  readonly inputs: readonly string[];
  /** Momentum of the EMA teacher; null without one. */
  readonly teacher: number | null;
  /** Number of steps of each phase. */
  readonly phases: readonly number[];
  /** Number of pairs in memory at once. Present if the batch was split because it did not fit on that machine. */
  readonly chunkSize?: number;
  readonly settings: Settings;
}

/** Estimated energy of a training. */
export interface EnergyEstimate {
  readonly joules: number;
  /**
   * Source of the estimate. `counters`: energy counters of the processor packages, which include all other programs
   * that ran at the same time. `assumed`: `watts` times the seconds of training.
   */
  readonly from: 'counters' | 'assumed';
  /** Assumed power. Present if `from` is `assumed`. */
  readonly watts?: number;
}

/** Cost and course of the training of one row with one seed. */
export interface TrainingRecord {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly parameters: { readonly total: number; readonly trainable: number };
  /** Set-up of the row. Absent for weights made by another tool. */
  readonly setup?: RowSetup;
  /**
   * Peak resident memory of the process between training steps, in bytes. Absent for weights made by another tool, and
   * in results written before this field was added.
   */
  readonly peakMemory?: number;
  /** Estimated energy. Absent for weights made by another tool, and in results written before this field was added. */
  readonly energy?: EnergyEstimate;
  readonly finalLoss: number;
  /** Losses of the validations. Absent if there were none. */
  readonly validation?: {
    /** Number of pairs that a validation measures. Absent in results written before this field was added. */
    readonly pairs?: number;
    /** Number of pairs of a full batch. Absent as `pairs`. */
    readonly batchSize?: number;
    /** Which loss is measured. Absent as `pairs`. */
    readonly loss?: ValidationLoss;
    readonly curve: readonly { readonly step: number; readonly loss: number }[];
    /** Step whose weights were kept, and its loss. */
    readonly kept: { readonly step: number; readonly loss: number };
    /** Whether training ended early because the loss stopped falling. */
    readonly stoppedEarly: boolean;
  };
  /** Training loss by step. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

/** A question of a study: how rows compare with a reference row, in every column that both have. */
export interface StudyQuestion {
  readonly id: string;
  readonly question: string;
  /** Id of the reference row. */
  readonly against: string;
  /** Ids of the rows that are compared with it. */
  readonly rows: readonly string[];
  /** Compared metrics: `rare` is the recall of rare classes. Default: `primary`, the primary metrics. */
  readonly on?: 'primary' | 'rare';
  /** Another finding of the study, printed before the comparison: a clause without a full stop. */
  readonly found?: string;
}

/** The study that a run belongs to. */
export interface StudyRecord {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Questions of the study. If empty, the three questions of the paper are used. */
  readonly questions: readonly StudyQuestion[];
  /**
   * Variants that the rows were run under, for example different encoders. A task of a variant names it (`variant`).
   */
  readonly variants: readonly { readonly id: string; readonly title: string }[];
}

/** Description of a corpus in the results. */
export type CorpusSummary = Pick<CorpusInfo, 'id' | 'title' | 'domain' | 'licence' | 'access' | 'source' | 'citation'>;

/** The contents of `results.json`, version 1. Tables, plots and reports are made from it. */
export interface RunResults {
  readonly schemaVersion: 1;
  readonly run: {
    readonly id: string;
    readonly seed: number;
    readonly seeds: readonly number[];
    readonly backend: string;
    readonly preset: string;
    readonly synthetic: boolean;
    readonly corpora: readonly string[];
    /** Id of the corpus by whose loss weights were kept. Absent if there was none. */
    readonly validationCorpus?: string;
    readonly settings: Readonly<Record<string, string | number | boolean>>;
    readonly versions: Readonly<Record<string, string>>;
    readonly command: string;
    readonly study?: StudyRecord;
  };
  readonly methods: readonly {
    readonly id: string;
    readonly title: string;
    readonly question: string;
    readonly extension: boolean;
    readonly control: boolean;
  }[];
  readonly tasks: readonly {
    readonly id: string;
    readonly title: string;
    readonly modality: string;
    readonly protocols: readonly ProtocolId[];
    /** Id of the variant under which the task was measured. Absent if the study has no variants. */
    readonly variant?: string;
    /**
     * Licence of the data. This and the next three fields are optional: results written by older versions lack them.
     */
    readonly licence?: string;
    readonly access?: DataAccess;
    readonly citation?: string;
    /** Whether reports may show images and texts of the task. The field's name is part of the file format. */
    readonly pictures?: 'shown' | 'withheld';
  }[];
  /**
   * Protocols in the order of the table, with descriptions of their metrics. Optional: results written before this
   * field was added lack it.
   */
  readonly protocols?: readonly {
    readonly id: ProtocolId;
    readonly title: string;
    readonly metrics: Readonly<Record<string, MetricInfo>>;
  }[];
  /**
   * Corpora that the rows and the general-domain weights were trained on. Optional: results written before this field
   * was added lack it.
   */
  readonly corpora?: readonly CorpusSummary[];
  readonly training: readonly TrainingRecord[];
  readonly cells: readonly ResultCell[];
  /** Statistical comparison of the rows. Optional: results written before this field was added lack it. */
  readonly statistics?: RunStatistics;
}
