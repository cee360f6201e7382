import { type DataContext, Task } from '@medbench/core';
import { imageFiles } from '@medbench/data';
import type { VqaExample } from '@medbench/evaluation';
import { type VqaSplits, VqaTask } from '@medbench/task-kit';
import { listImages, questionTable, readQuestions, type VqaRadSplit } from './files.js';
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
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const { dataRoot } = context;
    const splits = [await readQuestions(context, 'train'), await readQuestions(context, 'test')];
    const questions = splits.flatMap((split) => split.questions);
    return [questionTable(dataRoot, 'train'), questionTable(dataRoot, 'test'), ...listImages(questions)];
  }

  protected override async open(context: DataContext): Promise<VqaSplits> {
    const train = await readQuestions(context, 'train');
    const test = await readQuestions(context, 'test');
    const files = listImages([...train.questions, ...test.questions]);
    const index = new Map(files.map((file, i) => [file, i]));
    const examples = ({ questions }: VqaRadSplit): VqaExample[] =>
      questions.map(({ imageFile, question, answer, type }) => ({
        image: index.get(imageFile)!,
        question,
        answer,
        type,
      }));
    return {
      images: imageFiles(files),
      train: examples(train),
      test: examples(test),
      notes: [...train.notes, ...test.notes],
    };
  }
}
