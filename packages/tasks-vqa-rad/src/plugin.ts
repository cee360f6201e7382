import { type DataContext, Task } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import type { VqaExample } from '@medbench/evaluation';
import { type VqaSplits, VqaTask } from '@medbench/task-kit';
import { type Question, readQuestions, tableOf } from './files.js';

/** The distinct pictures that some questions are about, in the order of their names. */
const picturesOf = (questions: readonly Question[]): string[] =>
  [...new Set(questions.map(({ imageFile }) => imageFile))].sort();

/** Questions on radiology images (head, chest, abdomen), answered by classification over the training answers. */
@Task({
  id: 'vqa-rad',
  title: 'VQA-RAD',
  version: 1,
  modality: 'radiology',
  kind: 'vqa',
  protocols: ['vqa'],
  classes: [],
  splits: { train: 3064, val: 0, test: 451 },
  licence: 'CC0 1.0',
  access: 'open',
  citation: 'Lau et al. 2018, doi:10.1038/sdata.2018.251',
  source: 'https://osf.io/89kps (the form of the MEVF line of work: trainset.json, testset.json, images/)',
  files: [
    { path: 'vqa-rad/trainset.json', what: 'training questions' },
    { path: 'vqa-rad/testset.json', what: 'test questions' },
    { path: 'vqa-rad/images/', what: '315 radiology pictures' },
  ],
  caveats: ['all 203 test images also occur in training, 14 of the questions about them verbatim'],
  metric: { vqa: 'accuracy' },
  presets: ['paper', 'demo'],
})
export class VqaRad extends VqaTask {
  protected override async files({ dataRoot }: DataContext): Promise<readonly string[]> {
    const questions = [...(await readQuestions(dataRoot, 'train')), ...(await readQuestions(dataRoot, 'test'))];
    return [tableOf(dataRoot, 'train'), tableOf(dataRoot, 'test'), ...picturesOf(questions)];
  }

  protected override async open({ dataRoot }: DataContext): Promise<VqaSplits> {
    const train = await readQuestions(dataRoot, 'train');
    const test = await readQuestions(dataRoot, 'test');
    const files = picturesOf([...train, ...test]);
    const index = new Map(files.map((file, i) => [file, i]));
    const examples = (questions: readonly Question[]): VqaExample[] =>
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
