import type { DataAccess, DataContext, DataInspection, ExpectedFile, OpenedCorpus } from './data.js';
import type { TestExamples } from './gallery.js';
import type { ProtocolId, TaskKind } from './ids.js';
import type { ImageSplits } from './leaks.js';
import type { EvaluationModel, TaskResult } from './measurement.js';
import type { BoundProtocol } from './protocol.js';
import type { SettingSpec } from './settings.js';

/** Imaging modality of a task. */
export type Modality = 'radiology' | 'histopathology' | 'dermatology' | 'ophthalmology' | 'ultrasound' | 'mixed';

/** Info that `@Task` attaches to a class. */
export interface TaskInfo {
  readonly id: string;
  readonly title: string;
  /** Version of the task. Increase it whenever a figure could change. */
  readonly version: number;
  readonly modality: Modality;
  readonly kind: TaskKind;
  /** Protocols that measure the task. Protocols with `joins` measure it too. */
  readonly protocols: readonly ProtocolId[];
  /** Class names in label order; empty for retrieval and VQA. */
  readonly classes: readonly string[];
  /** Phrase for each class in a prompt, in label order. Default: the class names. */
  readonly phrases?: readonly string[];
  /** Prompt templates for zero-shot classification. `{}` is replaced by the phrase of a class. */
  readonly templates?: readonly string[];
  /** Number of examples of each split; 0 if the data set has no such split. */
  readonly splits: { readonly train: number; readonly val: number; readonly test: number };
  /** Description of the units that the published numbers count, if they are not the examples of the task. */
  readonly counted?: string;
  /** Published number of examples of each class, in label order, by split (`all` if the data set is not split). */
  readonly classCounts?: Readonly<Record<string, readonly number[]>>;
  readonly licence: string;
  readonly access: DataAccess;
  /**
   * Whether the licence allows reports to show small images with their texts. Default: `shown` for generated data,
   * `withheld` otherwise. Data under an agreement or credentials is always withheld.
   */
  readonly images?: 'shown' | 'withheld';
  readonly citation: string;
  /** Where the data is obtained, and which terms must be signed. */
  readonly source?: string;
  /** Files that must exist below the data root. */
  readonly files?: readonly ExpectedFile[];
  /** Settings that the configuration may change (`taskSettings.<id>.<name>`). */
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /** Caveats for averages over tasks, such as shared images, common training data or a split that leaks. */
  readonly caveats?: readonly string[];
  /** Name of the primary metric of each protocol. */
  readonly metric: Readonly<Partial<Record<ProtocolId, string>>>;
  /** Presets that include the task. */
  /** Presets of medbench that the task belongs to. Listed, and read by no code. */
  readonly presets?: readonly string[];
}

/** Wording with which a zero-shot protocol asks for a task's classes. None of it is data. */
export interface TaskPrompts {
  /** Class names in label order. */
  readonly classes: readonly string[];
  /** Phrase for each class, in label order. */
  readonly phrases: readonly string[];
  /** Templates in which `{}` is replaced by a phrase. */
  readonly templates: readonly string[];
}

/** The context in which a task is evaluated. */
export interface TaskContext extends DataContext {
  /** Protocols to measure, in order. Pass them to `measureAll` with the model and the data of the task. */
  readonly protocols: readonly BoundProtocol[];
}

/** The results of a task. */
export interface TaskOutcome {
  /** True if any of the data was generated. */
  readonly synthetic: boolean;
  readonly results: readonly TaskResult[];
}

/**
 * A downstream task: opens its files and passes the data to the protocols of its context. Protocols are separate
 * plugins.
 */
export interface Task {
  /** Computes a hash of the data that `evaluate` reads. @throws MedbenchError if the data is missing. */
  fingerprint(context: DataContext): Promise<string>;
  /** Measures a model under the protocols of the context. */
  evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome>;
  /**
   * Counts the examples on disk without opening an image.
   * @throws MedbenchError naming the file that is missing or wrong.
   */
  inspect?(context: DataContext): Promise<DataInspection>;
  /** Lists the images by split, in the order in which `evaluate` uses them. Without it no leak search is done. */
  images?(context: DataContext): Promise<ImageSplits>;
  /** Lists test examples for a report. Called only if they may be shown (`mayShow`). Without it no gallery is made. */
  examples?(context: DataContext): Promise<TestExamples>;
  /** Returns the prompts that the settings of the context select. Without it, those of the info are used. */
  prompts?(context: DataContext): Promise<TaskPrompts>;
  /** Makes image-text pairs of the training split, for labs without a corpus. It must not read another split. */
  pairs?(context: DataContext): Promise<OpenedCorpus>;
}
