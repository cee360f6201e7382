import {
  type EvaluationModel,
  measureAll,
  Task,
  type TaskContext,
  type TaskOutcome,
  type TestExamples,
} from '@medbench/core';
import { inject } from '@medbench/core/services';
import { type RetrievalData, type VqaData, type VqaExample, vqaExamples } from '@medbench/evaluation';
import { PhantomFiles, type PhantomTableRow } from './files.js';
import { INFO } from './info.js';

/** Retrieval among the pairs of the test split: the report of an image, and the image of a report. */
@Task({
  ...INFO,
  id: 'phantom-retrieval',
  title: 'Phantoms: retrieval',
  kind: 'retrieval',
  protocols: ['retrieval'],
  classes: [],
  metric: { retrieval: 'mean_recall@10' },
})
export class PhantomRetrieval implements Task {
  constructor(@inject(PhantomFiles) private readonly files: PhantomFiles) {}

  fingerprint(): Promise<string> {
    return this.files.fingerprint();
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    // Recall@200 of 600 is easy for every method; the study's galleries are ten times as large.
    const data: RetrievalData = { ...(await readGallery(this.files)), primaryK: 10 };
    return { synthetic: true, results: await measureAll(context.protocols, model, data) };
  }

  examples(): Promise<TestExamples> {
    return readGallery(this.files);
  }
}

/** The images of the test split, each with its own report. */
async function readGallery(files: PhantomFiles): Promise<RetrievalData> {
  const { rows, images } = await files.examples('test');
  const texts = rows.map(({ caption }) => caption);
  return { images, texts, imageOfText: Int32Array.from({ length: texts.length }, (_, i) => i) };
}

/** Questions about the images, answered by classification over the training answers. */
@Task({
  ...INFO,
  id: 'phantom-vqa',
  title: 'Phantoms: questions',
  kind: 'vqa',
  protocols: ['vqa'],
  classes: [],
  metric: { vqa: 'accuracy' },
})
export class PhantomVqa implements Task {
  constructor(@inject(PhantomFiles) private readonly files: PhantomFiles) {}

  fingerprint(): Promise<string> {
    return this.files.fingerprint();
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    return { synthetic: true, results: await measureAll(context.protocols, model, await readQuestions(this.files)) };
  }

  async examples(): Promise<TestExamples> {
    return vqaExamples(await readQuestions(this.files));
  }
}

/** The questions of the training and test splits, about the images of both. */
async function readQuestions(files: PhantomFiles): Promise<VqaData> {
  const train = await files.examples('train');
  const test = await files.examples('test');
  const examples = (rows: readonly PhantomTableRow[], first: number): VqaExample[] =>
    rows.flatMap(({ questions }, i) =>
      // One question per image, by turns. With no more examples than images, fitting the head takes little time.
      questions.slice(i % questions.length, (i % questions.length) + 1).map(({ question, answer, type }) => ({
        image: first + i,
        question,
        answer,
        type,
      })),
    );
  const images = {
    length: train.images.length + test.images.length,
    get: (i: number) => (i < train.images.length ? train.images.get(i) : test.images.get(i - train.images.length)),
  };
  return { images, train: examples(train.rows, 0), test: examples(test.rows, train.images.length) };
}
