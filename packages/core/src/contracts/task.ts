import type { DataAccess, DataContext, DataInspection, ExpectedFile, OpenedCorpus } from './data.js';
import type { TestExamples } from './gallery.js';
import type { ProtocolId, TaskKind } from './ids.js';
import type { ImageSplits } from './leaks.js';
import type { EvaluationModel, TaskResult } from './measurement.js';
import type { BoundProtocol } from './protocol.js';
import type { SettingSpec } from './settings.js';

export type Modality = 'radiology' | 'histopathology' | 'dermatology' | 'ophthalmology' | 'ultrasound' | 'mixed';

export interface TaskInfo {
  readonly id: string;
  readonly title: string;
  /** Rises whenever a number could change. */
  readonly version: number;
  readonly modality: Modality;
  readonly kind: TaskKind;
  /** The protocols of its published use; those that `join` are measured too. */
  readonly protocols: readonly ProtocolId[];
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
  readonly access: DataAccess;
  /**
   * Whether its licence lets small images with their texts be shown in reports. Default: only where they are generated.
   * Those under an agreement or credentials are withheld whatever this says.
   */
  readonly images?: 'shown' | 'withheld';
  readonly citation: string;
  /** Where the data is obtained, and what must be signed for it. */
  readonly source?: string;
  /** What must lie below the data root. */
  readonly files?: readonly ExpectedFile[];
  /** What the configuration may change about it (`taskSettings.<id>.<name>`). */
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /** What a reader of an average over tasks must know: shared images, training data in common, a split that leaks. */
  readonly caveats?: readonly string[];
  /** Name of the primary metric of each protocol. */
  readonly metric: Readonly<Partial<Record<ProtocolId, string>>>;
  readonly presets: readonly string[];
}

export interface TaskContext extends DataContext {
  /** What the task is measured by, in order: each takes the model and the data of the task (`measureAll`). */
  readonly protocols: readonly BoundProtocol[];
}

export interface TaskOutcome {
  readonly synthetic: boolean;
  readonly results: readonly TaskResult[];
}

/**
 * A downstream task: data-like info (`@Task`) and how its files are opened. Protocols live in `@medbench/evaluation`.
 */
export interface Task {
  /** Content hash of what `evaluate` reads. @throws MedbenchError if the data is not there. */
  fingerprint(context: DataContext): Promise<string>;
  evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome>;
  /** Counts what is there, opening no image. @throws MedbenchError naming what is missing or wrong. */
  inspect?(context: DataContext): Promise<DataInspection>;
  /** Its images by split, in the order in which `evaluate` takes them. Without it nothing is searched for leaks. */
  images?(context: DataContext): Promise<ImageSplits>;
  /** Test examples for a report, asked for only where they may be shown (`mayShow`). Without it no gallery is made. */
  examples?(context: DataContext): Promise<TestExamples>;
  /** Pairs made of the training split, for labs without a corpus. Never touches another split. */
  pairs?(context: DataContext): Promise<OpenedCorpus>;
}
