import type { ProtocolId } from './ids.js';
import type { EvaluationModel } from './measurement.js';

/** Embeddings of one task, made by any tool and opened as a model that returns them. */
export interface OpenedEmbeddings {
  readonly model: EvaluationModel;
  /** Protocols for which the folder holds all arrays. */
  readonly protocols: readonly ProtocolId[];
  /** Caveats for the reader, such as a missing logit scale. */
  readonly notes: readonly string[];
}

/** A folder of embeddings, laid out as `<task>/<array>.npy`. */
export interface EmbeddingsFolder {
  /** Name of the model in `embeddings.json`, if the file names one. */
  readonly model: string | undefined;
  /** Tasks that have at least one array. */
  readonly tasks: readonly string[];
  /** Hash of a task's arrays. @throws MedbenchError('data') if the task has none. */
  fingerprint(task: string): Promise<string>;
  /**
   * Opens a task's arrays.
   * @throws MedbenchError('data') naming the file that is missing or has a wrong number of rows.
   */
  open(task: string): Promise<OpenedEmbeddings>;
}

/** Caches and reads embeddings. Implemented by `@medbench/evaluation`. */
export interface EmbeddingFiles {
  /**
   * Returns a model that caches its embeddings in a folder and reuses those cached under the same key. `load` is called
   * only when an embedding is not cached. `damaged` is told the path of each cached file that does not hold what was
   * written, and is therefore made again.
   */
  keep(
    folder: string,
    info: {
      readonly key: string;
      readonly model: string;
      readonly task: string;
      readonly damaged?: (file: string) => void;
    },
    load: () => Promise<EvaluationModel>,
  ): Promise<EvaluationModel>;
  /** Opens a folder of embeddings. @throws MedbenchError('usage') if the folder does not exist. */
  open(folder: string): Promise<EmbeddingsFolder>;
}
