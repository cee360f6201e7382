import type { Backend } from './backend.js';
import type { ProtocolId, TaskKind } from './ids.js';
import type { EvaluationModel, TaskResult } from './measurement.js';
import type { Profile } from './profile.js';
import type { SettingSpec, Settings } from './settings.js';

/** What a reader must know to read a metric's figure. */
export interface MetricInfo {
  /** One sentence. May name the parts of the metric's name: `Share of the examples of class “{class}” …`. */
  readonly description: string;
  /** Default false. */
  readonly lowerIsBetter?: boolean;
}

export interface ProtocolInfo {
  readonly id: ProtocolId;
  /** As it is written in prose: `linear probe`. */
  readonly title: string;
  /** Kinds of task whose data it can measure. */
  readonly kinds: readonly TaskKind[];
  /** Name of the primary metric, where a task names no other (`TaskInfo.metric`). */
  readonly primary: string;
  /**
   * Every metric that it may report, by name. A part in braces stands for anything: `recall_{class}` is `recall_melanoma`
   * too. Of several that fit, the first counts.
   */
  readonly metrics: Readonly<Record<string, MetricInfo>>;
  /** Where its settings stand in the configuration: `evaluation.<section>.<name>`. Default: its id. */
  readonly section?: string;
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /**
   * Whether it measures every task of its kinds, beside the protocols that the task names. Default false: only tasks that
   * name it are measured by it.
   */
  readonly joins?: boolean;
  /** Its place among the protocols of a table: low ones stand first, those without one last. */
  readonly order?: number;
}

/** Which examples a run measures on: test split, or validation split where settings are chosen. */
export type EvaluationSplit = 'test' | 'val';

/** What a protocol is carried out with. */
export interface ProtocolContext<S = Settings> {
  readonly seed: number;
  /** Its own settings, checked. */
  readonly settings: S;
  /** With `val` no example of the test split may be read; a protocol that has no other throws. */
  readonly split: EvaluationSplit;
  /** The primary metric that the task wants of it. Default: that of its info. */
  readonly metric?: string | undefined;
  /** Figures are thrown away, and only what is asked of the model matters: what takes long may be left out. */
  readonly embedOnly?: boolean | undefined;
  /** The backend of the run, for products of large matrices. Without it they take longer; figures are the same. */
  readonly backend?: Backend | undefined;
  /** Hears what the time goes into. */
  readonly profile?: Profile | undefined;
}

/**
 * A way of measuring frozen embeddings, registered by `@Protocol`. What `Data` is, the kind of task says; those of
 * medbench's kinds are types of `@medbench/evaluation`.
 */
export interface Protocol<Data = unknown, S = Settings> {
  /**
   * @returns undefined if the model or the data does not allow it.
   * @throws MedbenchError if the data do not fit together, or an embedding is not finite.
   */
  measure(model: EvaluationModel, data: Data, context: ProtocolContext<S>): Promise<TaskResult | undefined>;
}

/** A protocol with everything but what it measures: a task gives it the model and its data. */
export interface BoundProtocol {
  readonly id: ProtocolId;
  measure(model: EvaluationModel, data: unknown): Promise<TaskResult | undefined>;
}
