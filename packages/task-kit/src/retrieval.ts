import type {
  DataContext,
  EvaluationModel,
  Inspection,
  OpenedCorpus,
  Task,
  TaskContext,
  TaskOutcome,
} from '@medbench/core';
import { fingerprintFiles } from '@medbench/data';
import { evaluateRetrieval, type RetrievalData } from '@medbench/evaluation';
import { factsOf, isSynthetic } from './facts.js';

/** The gallery of a retrieval task, and where there is one its training split. */
export interface RetrievalSplits {
  readonly test: RetrievalData;
  /** Pairs to train on, for labs without a corpus. */
  readonly train?: OpenedCorpus['pairs'];
  /** The k of the primary metric, where the gallery is large enough. Default 200, the study's. */
  readonly primaryK?: number;
  readonly notes?: readonly string[];
}

/** A retrieval task over one gallery, but for its facts (`@Task`) and how its files are opened. */
export abstract class RetrievalTask implements Task {
  /** Files, and folders for all files in them, whose content decides the numbers. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** @throws MedbenchError('data') naming the file, row or column that is missing or wrong. */
  protected abstract open(context: DataContext): Promise<RetrievalSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles(await this.files(context));
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { test, primaryK = 200, notes = [] } = await this.open(context);
    const results = await evaluateRetrieval(model, test, context, { primaryK });
    const said = [...notes, ...(factsOf(this).caveats ?? [])];
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...said] })),
    };
  }

  async inspect(context: DataContext): Promise<Inspection> {
    const { test, train, notes = [] } = await this.open(context);
    return {
      synthetic: await isSynthetic(context),
      splits: {
        ...(train ? { train: { examples: train.length } } : {}),
        test: { examples: test.texts.length, groups: test.images.length },
      },
      notes,
    };
  }
}
