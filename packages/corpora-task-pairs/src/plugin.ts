import { Corpus, type CorpusContext, MedbenchError, type OpenedCorpus } from '@medbench/core';

/**
 * Image-text pairs made from the training splits of the run's own tasks, for labs that have labelled data but no
 * captions. A label becomes a caption; a question and its answer become a statement. No other split is ever read.
 */
@Corpus({
  id: 'task-pairs',
  title: 'Training splits of the tasks, as pairs',
  domain: 'medical',
  licence: 'that of each task',
  access: 'open',
  source: 'made from the tasks of the run',
})
export class TaskPairs implements Corpus {
  /** @throws MedbenchError('data') if no task of the run can make pairs. */
  async open({ tasks, log }: CorpusContext): Promise<OpenedCorpus> {
    const corpora: OpenedCorpus[] = [];
    for (const task of tasks) {
      const corpus = await task.pairs();
      log(`task-pairs: ${corpus.pairs.length} pairs from the training split of ${task.id}`);
      corpora.push(corpus);
    }
    if (corpora.length === 0) {
      throw new MedbenchError('data', 'None of the selected tasks can make image-text pairs from its training split', {
        hint: 'Name a corpus (--set \'corpora=["phantoms"]\'; medbench list corpora), or add a task that can.',
      });
    }
    const index = corpora.flatMap((corpus, c) =>
      Array.from({ length: corpus.pairs.length }, (_, i) => [c, i] as const),
    );
    return {
      fingerprint: corpora.map(({ fingerprint }) => fingerprint).join('+'),
      synthetic: corpora.some(({ synthetic }) => synthetic),
      pairs: {
        length: index.length,
        get(i) {
          const [corpus, pair] = index[i]!;
          return corpora[corpus]!.pairs.get(pair);
        },
      },
    };
  }
}
