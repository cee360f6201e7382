import type { ErrorRecord } from '@medbench/runner';

/** Seconds by phase of the profile. */
export type PhaseSeconds = Readonly<Record<string, number>>;

/** The part of a run that is measured, so that measuring takes a small share of its time. */
export interface Sample {
  /** Number of training steps, of which the first is not steady. */
  readonly steps: number;
  /** Pairs of a training batch, at most those of the settings. */
  readonly batchSize: number;
  /** Most examples of a task that protocols measure. */
  readonly examples: number;
  /** Most images, and most texts, of one list that the towers embed. The other rows of its matrix are made of them. */
  readonly embedded: number;
}

/** Number of images or texts of a task that the towers embedded, and how many a run would. */
export interface EmbeddedCount {
  /** Rows that the protocols of the sample asked for. */
  readonly asked: number;
  readonly embedded: number;
  /** Seconds by the phases `reading images` and `embedding`. */
  readonly reading: number;
  readonly embedding: number;
}

/** A matrix of embeddings that a run keeps: rows of the sample. */
export interface KeptArray {
  readonly name: string;
  readonly texts: boolean;
  readonly rows: number;
  readonly cols: number;
}

/** A protocol that was not measured because it trains the towers. */
export interface TowerTraining {
  readonly protocol: string;
  /** Training examples of the sample, and epochs where the protocol has such a setting. */
  readonly examples: number;
  readonly epochs: number;
}

/** One row on one task, measured on a sample of its examples. */
export interface MeasuredCell {
  readonly task: string;
  /** Seconds by phase, without those of `images` and `texts`. */
  readonly phases: PhaseSeconds;
  readonly images: EmbeddedCount;
  readonly texts: EmbeddedCount;
  readonly arrays: readonly KeptArray[];
  readonly trainsTowers: readonly TowerTraining[];
  /** Number of examples of the task's data, and of the sample. */
  readonly total: number;
  readonly used: number;
  /** Bytes of its file. */
  readonly bytes: number;
}

/** The training of a row over the steps of the sample. */
export interface MeasuredTraining {
  /** Pairs of a measured batch. */
  readonly batchSize: number;
  /** Steady steps: median milliseconds of a step, and mean of the time that it waits for its batch. */
  readonly stepMs: number;
  readonly waitMs: number;
  /** Later phases of the method: seconds to load the step, and of the first one; milliseconds of a steady one. */
  readonly later: readonly { readonly load: number; readonly first: number; readonly stepMs: number }[];
  /** Bytes of the weights, and of the state from which a training resumes. */
  readonly weightBytes: number;
  readonly stateBytes: number;
  /** Power by the counters of the processor packages, in watts; undefined where they cannot be read. */
  readonly watts?: number;
}

/** A unit of work: a row under a seed, or the general-domain weights. */
export interface MeasuredUnit {
  readonly row: string;
  /** Seconds by phase outside of its cells. */
  readonly phases: PhaseSeconds;
  readonly training?: MeasuredTraining;
  readonly cells: readonly MeasuredCell[];
  /** Why it, or some of its tasks, could not be measured. */
  readonly error?: ErrorRecord;
  readonly failures: Readonly<Record<string, string>>;
}

/** Work of the process that writes the table, on the rows of the sample. */
export interface MeasuredGather {
  readonly phases: PhaseSeconds;
  /** Number of rows that were compared. */
  readonly rows: number;
  /** Bytes of the files of the table: results, comparisons, galleries, leaks and the report. */
  readonly bytes: number;
  /** Images of a leak search by task: of the data, and of the sample. */
  readonly leaks: Readonly<Record<string, { readonly total: number; readonly used: number }>>;
}

/** An image encoder that is faster than that of the plan. */
export interface SmallerTowers {
  readonly image: string;
  /** Its forward pass for a pair, with the text encoder of the plan, as a share of that of the plan's. */
  readonly share: number;
}

/** All measurements of a run's parts. */
export interface Measurements {
  readonly sample: Sample;
  /** Number of processes that measured side by side. */
  readonly processes: number;
  /** Seconds until a process has its first unit. */
  readonly startUp: number;
  readonly units: readonly MeasuredUnit[];
  readonly gather: MeasuredGather;
  /** Side of the images of the towers, in pixels. */
  readonly imageSize: number;
  /** Faster image encoders of the same package, the slowest first. */
  readonly smaller: readonly SmallerTowers[];
  /** Seconds of the forward pass of the towers that stated throughputs are of, for a pair; absent unless a device is planned for. */
  readonly reference?: number;
  /** Data that are not here, by id: generated data took their place. */
  readonly missing: readonly string[];
  /** Seconds that measuring took. */
  readonly seconds: number;
}

/** Task of a process that measures. It is written to the folder of the measurement. */
export interface Assignment {
  readonly sample: Sample;
  /** The row whose cells stand for those of all trained rows. */
  readonly evaluated: string | undefined;
  /** Chunk size by row, where a run splits its batches. */
  readonly chunks: Readonly<Record<string, number>>;
}

/** A unit to measure: a row of the first seed, or `general`. */
export type MeasureRequest =
  | { readonly measure: string }
  /** Keep a core busy, as the process of a run would be, until the next request. */
  | { readonly spin: true }
  | { readonly end: true };

export type MeasureAnswer =
  | { readonly type: 'ready'; readonly seconds: number }
  | { readonly type: 'measured'; readonly unit: MeasuredUnit }
  | { readonly type: 'failed'; readonly error: ErrorRecord };
