import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type DataContext, Task, type TaskInfo } from '@medbench/core';
import type { VqaExample } from '@medbench/evaluation';
import { locate } from '@medbench/formats';
import { VQA_FIT_SETTING, type VqaSplits, VqaTask } from '@medbench/task-kit';
import { fromOriginal, fromParquet, parquetFiles, questionsFile, SPLITS, type SplitQuestions } from './files.js';

const INFO = {
  id: 'path-vqa',
  title: 'PathVQA',
  version: 1,
  modality: 'histopathology',
  kind: 'vqa',
  protocols: ['vqa'],
  classes: [],
  splits: { train: 19_654, val: 6_259, test: 6_719 },
  licence: 'MIT as stated; images from text books and a digital library',
  access: 'open',
  citation: 'He et al. 2020, arXiv:2003.10286',
  source: 'https://huggingface.co/datasets/flaviagiammarino/path-vqa (or https://github.com/UCSD-AI4H/PathVQA)',
  files: [
    {
      path: ['path-vqa/data/', 'path-vqa/pvqa/'],
      what: 'train-, validation- and test-*.parquet; or images/ and qas/ of the original',
    },
  ],
  caveats: [
    'closed questions are those whose answer is yes or no: the data set gives no question types',
    'repeated rows count once: the original has 19,755, 6,279 and 6,761 questions',
  ],
  settings: VQA_FIT_SETTING,
  metric: { vqa: 'accuracy' },
  presets: ['paper', 'demo'],
} as const satisfies TaskInfo;

/** Questions about pathology images from textbooks, answered by classification over the training answers. */
@Task(INFO)
export class PathVqa extends VqaTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const { folder, parquet } = findCopy(context);
    if (!parquet) {
      const images = join(folder, 'images');
      return [...SPLITS.map((split) => questionsFile(folder, split)), ...(existsSync(images) ? [images] : [])];
    }
    return (await Promise.all(SPLITS.map((split) => parquetFiles(folder, split)))).flat();
  }

  /** Differs from a fingerprint of the time when repeated rows of the original counted twice. */
  override async fingerprint(context: DataContext): Promise<string> {
    const contents = await super.fingerprint(context);
    return findCopy(context).parquet ? contents : `${contents}/distinct`;
  }

  protected override async open(context: DataContext): Promise<VqaSplits> {
    const { folder, parquet } = findCopy(context);
    const read = parquet ? fromParquet : fromOriginal;
    const splits: SplitQuestions[] = [];
    for (const split of SPLITS) splits.push(await read(folder, split, context));
    const [train, val, test] = splits as [SplitQuestions, SplitQuestions, SplitQuestions];
    const firstImages = [0, train.images.length, train.images.length + val.images.length];
    const splitOf = (image: number): number => (image < firstImages[1]! ? 0 : image < firstImages[2]! ? 1 : 2);
    const shiftImages = (questions: SplitQuestions, offset: number): VqaExample[] =>
      questions.examples.map((example) => ({ ...example, image: example.image + offset }));
    return {
      images: {
        length: firstImages[2]! + test.images.length,
        get(i) {
          const split = splitOf(i);
          return splits[split]!.images.get(i - firstImages[split]!);
        },
        ...(parquet
          ? {}
          : {
              file: (i: number) => {
                const split = splitOf(i);
                return splits[split]!.images.file!(i - firstImages[split]!);
              },
            }),
      },
      train: train.examples,
      val: shiftImages(val, firstImages[1]!),
      test: shiftImages(test, firstImages[2]!),
      notes: splits.flatMap(({ notes }) => notes),
    };
  }
}

/** Finds the copy in the data folder: the Parquet files of Hugging Face, or the original. */
function findCopy({ dataRoot }: DataContext): { readonly folder: string; readonly parquet: boolean } {
  const folder = locate(dataRoot, INFO.files[0], INFO.source);
  return { folder, parquet: basename(folder) === 'data' };
}
