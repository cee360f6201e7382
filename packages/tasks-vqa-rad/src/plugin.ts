import {
  type DataContext,
  type OpenedCorpus,
  type RasterImage,
  type Source,
  Task,
  type TaskContext,
  type TaskOutcome,
} from '@medbench/core';
import { decodeImage, fingerprintFiles, isGenerated } from '@medbench/data';
import { evaluateVqa } from '@medbench/evaluation';
import { type Question, readQuestions, tableOf } from './files.js';
import { statementOf } from './statement.js';

/** The distinct pictures that some questions are about, and which picture each question is about. */
function picturesOf(questions: readonly Question[]): { images: Source<RasterImage>; index: Map<string, number> } {
  const files = [...new Set(questions.map(({ imageFile }) => imageFile))].sort();
  return {
    images: { length: files.length, get: (i) => decodeImage(files[i]!) },
    index: new Map(files.map((file, i) => [file, i])),
  };
}

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
  metric: { vqa: 'accuracy' },
  presets: ['paper', 'demo'],
})
export class VqaRad implements Task {
  async fingerprint({ dataRoot }: DataContext): Promise<string> {
    const questions = [...(await readQuestions(dataRoot, 'train')), ...(await readQuestions(dataRoot, 'test'))];
    const images = [...new Set(questions.map(({ imageFile }) => imageFile))].sort();
    return fingerprintFiles([tableOf(dataRoot, 'train'), tableOf(dataRoot, 'test'), ...images]);
  }

  async evaluate(model: Parameters<Task['evaluate']>[0], context: TaskContext): Promise<TaskOutcome> {
    const train = await readQuestions(context.dataRoot, 'train');
    const test = await readQuestions(context.dataRoot, 'test');
    const { images, index } = picturesOf([...train, ...test]);
    const examples = (questions: readonly Question[]) =>
      questions.map(({ imageFile, question, answer, type }) => ({
        image: index.get(imageFile)!,
        question,
        answer,
        type,
      }));
    return {
      synthetic: await isGenerated(context.dataRoot),
      results: await evaluateVqa(model, { images, train: examples(train), test: examples(test) }, context),
    };
  }

  /** Each training question with its answer as one statement about the picture. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const questions = await readQuestions(context.dataRoot, 'train');
    const { images, index } = picturesOf(questions);
    const files = [...index.keys()];
    return {
      fingerprint: `${await fingerprintFiles([tableOf(context.dataRoot, 'train'), ...files])}/train/1`,
      synthetic: await isGenerated(context.dataRoot),
      pairs: {
        length: questions.length,
        async get(i) {
          const { imageFile, question, answer } = questions[i]!;
          return { image: await images.get(index.get(imageFile)!), caption: statementOf(question, answer) };
        },
      },
    };
  }
}
