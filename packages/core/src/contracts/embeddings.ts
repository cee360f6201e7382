import type { ProtocolId } from './ids.js';
import type { EvaluationModel } from './measurement.js';

/** Embeddings of one task made by any tool, opened as something that "embeds" what it holds. */
export interface OpenedEmbeddings {
  readonly model: EvaluationModel;
  /** Protocols for which everything is there. */
  readonly protocols: readonly ProtocolId[];
  /** What a reader must know, such as a logit scale that was not given. */
  readonly notes: readonly string[];
}

/** A folder of embeddings, `<task>/<array>.npy`. */
export interface EmbeddingsFolder {
  /** Name of the model in its `embeddings.json`, if it says so. */
  readonly model: string | undefined;
  /** Tasks for which something is there. */
  readonly tasks: readonly string[];
  /** Hash of what is there for a task. @throws MedbenchError('data') if there is nothing. */
  fingerprint(task: string): Promise<string>;
  /** @throws MedbenchError('data') naming the file that is missing or has another number of rows. */
  open(task: string): Promise<OpenedEmbeddings>;
}

/** How embeddings are kept and read; implemented by `@medbench/evaluation`. */
export interface EmbeddingFiles {
  /**
   * A model that keeps what it embeds in a folder, and reads from there what it kept under the same key. Weights are
   * loaded when something is missing.
   */
  keep(
    folder: string,
    info: { readonly key: string; readonly model: string; readonly task: string },
    load: () => Promise<EvaluationModel>,
  ): Promise<EvaluationModel>;
  /** @throws MedbenchError('usage') if the folder does not exist. */
  open(folder: string): Promise<EmbeddingsFolder>;
}
