import { basename } from 'node:path';
import { type DataContext, Task, type TaskInfo } from '@medbench/core';
import type { VqaExample } from '@medbench/evaluation';
import { locate } from '@medbench/formats';
import { type VqaSplits, VqaTask } from '@medbench/task-kit';
import { type Asked, fromOriginal, fromParquet, parquetFiles, questionsFile, SPLITS } from './files.js';

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
    'closed questions are those whose answer is yes or no: the data set does not say more',
    'counts are those of the copy without its repeated rows; the original has 19,755, 6,279 and 6,761 questions',
  ],
  metric: { vqa: 'accuracy' },
  presets: ['paper', 'demo'],
} as const satisfies TaskInfo;

/** Questions on pathology images of text books, answered by classification over the training answers. */
@Task(INFO)
export class PathVqa extends VqaTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const { folder, parquet } = formOf(context);
    if (!parquet) return SPLITS.map((split) => questionsFile(folder, split));
    return (await Promise.all(SPLITS.map((split) => parquetFiles(folder, split)))).flat();
  }

  protected override async open(context: DataContext): Promise<VqaSplits> {
    const { folder, parquet } = formOf(context);
    const read = parquet ? fromParquet : fromOriginal;
    const splits: Asked[] = [];
    for (const split of SPLITS) splits.push(await read(folder, split));
    const [train, val, test] = splits as [Asked, Asked, Asked];
    const before = [0, train.images.length, train.images.length + val.images.length];
    const moved = (asked: Asked, by: number): VqaExample[] =>
      asked.examples.map((one) => ({ ...one, image: one.image + by }));
    return {
      images: {
        length: before[2]! + test.images.length,
        get(i) {
          const split = i < before[1]! ? 0 : i < before[2]! ? 1 : 2;
          return splits[split]!.images.get(i - before[split]!);
        },
      },
      train: train.examples,
      val: moved(val, before[1]!),
      test: moved(test, before[2]!),
    };
  }
}

/** The form that is there: the Parquet copy, or the original. */
function formOf({ dataRoot }: DataContext): { readonly folder: string; readonly parquet: boolean } {
  const folder = locate(dataRoot, INFO.files[0], INFO.source);
  return { folder, parquet: basename(folder) === 'data' };
}
