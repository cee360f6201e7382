import { type DataContext, Task } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import type { VqaExample } from '@medbench/evaluation';
import { type VqaSplits, VqaTask } from '@medbench/task-kit';
import { listImages, questionTable, readQuestions, type VqaRadQuestion } from './files.js';
import { INFO } from './info.js';

export { VqaRadRetrieval } from './retrieval.js';

/** Questions on radiology images (head, chest, abdomen), answered by classification over the training answers. */
@Task({
  ...INFO,
  id: 'vqa-rad',
  title: 'VQA-RAD',
  version: 1,
  kind: 'vqa',
  protocols: ['vqa'],
  classes: [],
  splits: { train: 3064, val: 0, test: 451 },
  caveats: ['all 203 test images also occur in training; 14 of their test questions occur there verbatim'],
  metric: { vqa: 'accuracy' },
  presets: ['paper', 'demo'],
})
export class VqaRad extends VqaTask {
  protected override async files({ dataRoot }: DataContext): Promise<readonly string[]> {
    const questions = [...(await readQuestions(dataRoot, 'train')), ...(await readQuestions(dataRoot, 'test'))];
    return [questionTable(dataRoot, 'train'), questionTable(dataRoot, 'test'), ...listImages(questions)];
  }

  protected override async open({ dataRoot }: DataContext): Promise<VqaSplits> {
    const train = await readQuestions(dataRoot, 'train');
    const test = await readQuestions(dataRoot, 'test');
    const files = listImages([...train, ...test]);
    const index = new Map(files.map((file, i) => [file, i]));
    const examples = (questions: readonly VqaRadQuestion[]): VqaExample[] =>
      questions.map(({ imageFile, question, answer, type }) => ({
        image: index.get(imageFile)!,
        question,
        answer,
        type,
      }));
    return {
      images: { length: files.length, get: (i) => decodeImage(files[i]!) },
      train: examples(train),
      test: examples(test),
    };
  }
}
