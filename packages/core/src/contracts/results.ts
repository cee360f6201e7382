import type { CorpusInfo, DataAccess } from './data.js';
import type { ProtocolId } from './ids.js';
import type { LeakCounts } from './leaks.js';
import type { ClassificationDetail, ConfidenceInterval, MetricValue, RecallCurve } from './measurement.js';
import type { StartingWeights } from './method.js';
import type { MetricInfo } from './protocol.js';
import type { Settings } from './settings.js';
import type { RunStatistics } from './statistics.js';

/** One figure of the table: a method (or control), a task, a protocol, a seed. */
export interface ResultCell {
  readonly method: string;
  /** True for rows that no method trained. */
  readonly control: boolean;
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly seed: number;
  /** Name of the primary metric. */
  readonly metric: string;
  /** Primary metric; null if the cell failed. */
  readonly value: number | null;
  readonly ci95: ConfidenceInterval | null;
  readonly n: number;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly seconds: number;
  readonly status: 'ok' | 'failed';
  readonly error?: string;
  /** True if any data behind the figure was generated. */
  readonly synthetic: boolean;
  readonly notes?: readonly string[];
  /** Of classification: the confusion matrix and which classes are rare. */
  readonly classification?: ClassificationDetail;
  /** Of retrieval: recall@k over many k. */
  readonly retrieval?: RecallCurve;
  /** Test images that training has seen, by where; `leaks/<task>.json` of the run folder names them. Absent: not searched. */
  readonly leaks?: readonly LeakCounts[];
}

/** What of a tower a row keeps as it is. */
export interface FrozenPart {
  /** For example `6 of 12`. */
  readonly blocks: string;
  readonly parameters: number;
}

/** In what a row differs from the others of its run, taken from the method's code: all else is the same for all. */
export interface RowSetup {
  readonly start: StartingWeights;
  readonly frozen: { readonly image: FrozenPart; readonly text: FrozenPart };
  /** Parameters beyond the two towers and the logit scale; discarded after training. */
  readonly own: number;
  /** Inputs beside image and text, by phase. */
  readonly inputs: readonly string[];
  /** Momentum of the moving average; null without one. */
  readonly teacher: number | null;
  /** Steps of each phase. */
  readonly phases: readonly number[];
  /** Pairs in memory at once, where a batch was split because the whole of it does not fit on that machine. */
  readonly chunkSize?: number;
  readonly settings: Settings;
}

/** Energy of a training, always an estimate. */
export interface EnergyEstimate {
  readonly joules: number;
  /**
   * `counters`: what the processor packages counted while the training ran, for whatever else ran too. `assumed`: `watts`
   * times the seconds of training.
   */
  readonly from: 'counters' | 'assumed';
  /** The power that was assumed. */
  readonly watts?: number;
}

/** What a trained row cost, and how it went. */
export interface TrainingRecord {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly parameters: { readonly total: number; readonly trainable: number };
  /** Absent for weights that were made elsewhere. */
  readonly setup?: RowSetup;
  /** Highest resident memory of the process between the training's steps, bytes. Absent in results of older versions. */
  readonly peakMemory?: number;
  readonly energy?: EnergyEstimate;
  readonly finalLoss: number;
  /** Losses on the pairs that were held out, where some were. */
  readonly validation?: {
    readonly curve: readonly { readonly step: number; readonly loss: number }[];
    /** The step whose weights were kept, and the loss there. */
    readonly kept: { readonly step: number; readonly loss: number };
    /** Whether training ended before its last step for want of progress. */
    readonly stoppedEarly: boolean;
  };
  /** Points of the training curve. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

/** A question of a study: what rows do against another row, in every column that both have. */
export interface StudyQuestion {
  readonly id: string;
  readonly question: string;
  /** The row that the others are compared with. */
  readonly against: string;
  /** What is said is said of these. */
  readonly rows: readonly string[];
  /** `rare`: on the recall of rare classes instead of the primary metrics. */
  readonly on?: 'primary' | 'rare';
  /** What the study found out in other ways, said before the comparison: a clause without a full stop. */
  readonly found?: string;
}

/** Which study a run belongs to. */
export interface StudyRecord {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Empty: the three questions of the paper. */
  readonly questions: readonly StudyQuestion[];
  /** Under what the rows were run apart, such as encoders; a task that belongs to one names it. */
  readonly variants: readonly { readonly id: string; readonly title: string }[];
}

/** What is to be known of a corpus beside its name. */
export type CorpusSummary = Pick<CorpusInfo, 'id' | 'title' | 'domain' | 'licence' | 'access' | 'source' | 'citation'>;

/** `results.json`, version 1: all that tables, plots and reports are made from. */
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
    /** Of a study with variants: the one under which it was measured. */
    readonly variant?: string;
    /** Absent, as the next three, in results of older versions. */
    readonly licence?: string;
    readonly access?: DataAccess;
    readonly citation?: string;
    /** Whether reports may show its images and texts. The name is part of the file format. */
    readonly pictures?: 'shown' | 'withheld';
  }[];
  /** Protocols of the table, in its order, with what their metrics mean. Absent in results of older versions. */
  readonly protocols?: readonly {
    readonly id: ProtocolId;
    readonly title: string;
    readonly metrics: Readonly<Record<string, MetricInfo>>;
  }[];
  /** What the rows train on, and what general-domain weights were trained on. Absent in results of older versions. */
  readonly corpora?: readonly CorpusSummary[];
  readonly training: readonly TrainingRecord[];
  readonly cells: readonly ResultCell[];
  /** Which differences are more than chance. Absent in results of older versions. */
  readonly statistics?: RunStatistics;
}
