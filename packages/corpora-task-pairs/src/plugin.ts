import { Corpus, type CorpusContext, MedbenchError, type OpenedCorpus } from '@medbench/core';

/**
 * Pairs made of the training splits of the run's own tasks (a caption from a label, a statement from a question and its
 * answer), for labs that have labelled data and no captions. No other split is ever read.
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
    const parts: OpenedCorpus[] = [];
    for (const task of tasks) {
      const part = await task.pairs();
      log(`task-pairs: ${part.pairs.length} pairs from the training split of ${task.id}`);
      parts.push(part);
    }
    if (parts.length === 0) {
      throw new MedbenchError('data', 'None of the selected tasks can make training pairs of its training split', {
        hint: 'Name a corpus (--set \'corpora=["phantoms"]\'; medbench list corpora), or add a task that can.',
      });
    }
    const index = parts.flatMap((part, p) => Array.from({ length: part.pairs.length }, (_, i) => [p, i] as const));
    return {
      fingerprint: parts.map(({ fingerprint }) => fingerprint).join('+'),
      synthetic: parts.some(({ synthetic }) => synthetic),
      pairs: {
        length: index.length,
        get(i) {
          const [part, at] = index[i]!;
          return parts[part]!.pairs.get(at);
        },
      },
    };
  }
}
