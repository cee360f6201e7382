import type { Backend } from './backend.js';
import type { ProtocolId, TaskKind } from './ids.js';
import type { EvaluationModel, TaskResult } from './measurement.js';
import type { Profile } from './profile.js';
import type { SettingSpec, Settings, SettingValue } from './settings.js';

/** Description of a metric for readers of its figure. */
export interface MetricInfo {
  /** One sentence. It may use the placeholders of the metric's name: `Share of the examples of class “{class}” …`. */
  readonly description: string;
  /** Whether lower figures are better. Default false. */
  readonly lowerIsBetter?: boolean;
}

/** The value of a protocol's own setting with which the protocol joins no task. */
export interface JoinsUnless {
  readonly unless: { readonly setting: string; readonly is: SettingValue };
}

/** Info that `@Protocol` attaches to a class. */
export interface ProtocolInfo {
  readonly id: ProtocolId;
  /** Name in running text, such as `linear probe`. */
  readonly title: string;
  /** Kinds of task that the protocol can measure. */
  readonly kinds: readonly TaskKind[];
  /** Name of the primary metric. A task may choose another one (`TaskInfo.metric`). */
  readonly primary: string;
  /**
   * Every metric that the protocol may report, by name. A placeholder in braces matches any text: `recall_{class}`
   * matches `recall_melanoma`. If several names match, the first one is used.
   */
  readonly metrics: Readonly<Record<string, MetricInfo>>;
  /** Section of the settings in the configuration, `evaluation.<section>.<name>`. Default: the id. */
  readonly section?: string;
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /**
   * Whether the protocol measures every task of its kinds, in addition to the protocols that the task names. `unless`:
   * it does so unless a setting of its own has the given value. Default false: it measures only the tasks that name it.
   */
  readonly joins?: boolean | JoinsUnless;
  /** Position among the columns of a table: lower numbers first, protocols without a number last. */
  readonly order?: number;
}

/** The split that a run measures on: the test split, or the validation split while settings are chosen. */
export type EvaluationSplit = 'test' | 'val';

/** Seed, settings and other inputs with which a protocol is run. */
export interface ProtocolContext<S = Settings> {
  readonly seed: number;
  /** The protocol's settings, validated. */
  readonly settings: S;
  /** Split to measure on. With `val` no test example may be read; a protocol that needs the test split throws. */
  readonly split: EvaluationSplit;
  /** Primary metric that the task chooses. Default: `ProtocolInfo.primary`. */
  readonly metric?: string | undefined;
  /** Whether only the embedding calls matter and figures are discarded. Slow computations may then be skipped. */
  readonly embedOnly?: boolean | undefined;
  /** Backend for products of large matrices. Without it they take longer, with the same figures. */
  readonly backend?: Backend | undefined;
  /** Receives the time spent in each phase. */
  readonly profile?: Profile | undefined;
  /** Where a long measurement keeps its state, so that it can resume. Without it, it starts anew. */
  readonly resume?: MeasurementState | undefined;
  /** Aborts a long measurement when the user asks to stop. It then throws MedbenchError('interrupted'). */
  readonly signal?: AbortSignal | undefined;
  /** Adds one structured entry to the run's log. */
  readonly event?: ((entry: Readonly<Record<string, unknown>>) => void) | undefined;
}

/** Where a protocol keeps the state of one unfinished measurement. */
export interface MeasurementState {
  /** Folder of this measurement alone. The protocol makes it; whoever runs the protocol removes it afterwards. */
  readonly folder: string;
  /** Hash of everything that the figures depend on. A state of another key is of no use. */
  readonly key: string;
}

/**
 * Measures a model on a task's data: its frozen embeddings, or its towers (`EvaluationModel.towers`), which it may train
 * in a copy. The task's kind determines the type `Data`; `@medbench/evaluation`
 * exports the types of medbench's own kinds, such as `ClassificationData`.
 */
export interface Protocol<Data = unknown, S = Settings> {
  /**
   * Measures a model on a task's data.
   * @returns undefined if the model or the data does not support the protocol.
   * @throws MedbenchError if the data is inconsistent, or an embedding is not finite.
   */
  measure(model: EvaluationModel, data: Data, context: ProtocolContext<S>): Promise<TaskResult | undefined>;
}

/** A protocol bound to its context. The task passes the model and its data. */
export interface BoundProtocol {
  readonly id: ProtocolId;
  measure(model: EvaluationModel, data: unknown): Promise<TaskResult | undefined>;
}
