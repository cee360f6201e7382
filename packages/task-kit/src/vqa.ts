import {
  type DataContext,
  type DataInspection,
  type EvaluationModel,
  type ImageSplits,
  measureAll,
  type OpenedCorpus,
  type RasterImage,
  type SettingSpec,
  type Source,
  type Task,
  type TaskContext,
  type TaskInfo,
  type TaskOutcome,
  type TestExamples,
} from '@medbench/core';
import { subset } from '@medbench/data';
import { type VqaData, type VqaExample, vqaExamples } from '@medbench/evaluation';
import { fingerprintFiles } from '@medbench/formats';
import { deepGreyNotes } from './deep-grey.js';
import { isSynthetic, taskInfo } from './info.js';
import { OpenedData } from './opened.js';
import { DecodableImages, leftOutNote, questionsAbout } from './skip-bad.js';
import { toStatement } from './statement.js';

/** The splits of a question answering data set. Several questions may be about one image. */
export interface VqaSplits {
  readonly images: Source<RasterImage>;
  readonly train: readonly VqaExample[];
  readonly val?: readonly VqaExample[] | undefined;
  readonly test: readonly VqaExample[];
  readonly notes?: readonly string[];
}

/** The setting of tasks with a validation split that selects the questions that the classifier of answers learns from. */
export const VQA_FIT_SETTING: Readonly<Record<string, SettingSpec>> = {
  fit: {
    default: 'train',
    choices: ['train', 'train+val'],
    description:
      "questions that the classifier of answers learns from, whose answers are its classes: train, or train+val, as in the study's code and in the MEVF line",
  },
};

/** The questions that the classifier of answers learns from, by the setting `fit`. */
export const fittedQuestions = (
  { train, val = [] }: Pick<VqaSplits, 'train' | 'val'>,
  { settings }: Pick<DataContext, 'settings'>,
): readonly VqaExample[] => (settings.fit === 'train+val' ? [...train, ...val] : train);

/** Whether anyone may read the data. Results on other data must not quote its texts. */
const isOpen = ({ access }: TaskInfo): boolean => access === 'open' || access === 'generated';

/** The data that is measured, and notes that readers see beside every result. */
interface MeasuredVqa {
  readonly data: VqaData;
  readonly notes: readonly string[];
}

/** A question answering task. A subclass adds its info (`@Task`) and opens the files. */
export abstract class VqaTask implements Task {
  readonly #decodable = new DecodableImages();
  readonly #opened = new OpenedData<MeasuredVqa>();

  /** Files whose content decides the results; a folder stands for all files in it. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** Opens the data set. @throws MedbenchError('data') naming the file, row or column that is missing or wrong. */
  protected abstract open(context: DataContext): Promise<VqaSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles(await this.files(context), context);
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { data, notes } = await this.#data(context);
    const results = await measureAll(context.protocols, model, data);
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...notes] })),
    };
  }

  /** The data that is evaluated: decodable images with training or test questions, and those questions. */
  #data(context: DataContext): Promise<MeasuredVqa> {
    return this.#opened.get(context, () => this.#openData(context));
  }

  async #openData(context: DataContext): Promise<MeasuredVqa> {
    const opened = await this.open(context);
    const { images, test, notes: openNotes = [] } = opened;
    const train = fittedQuestions(opened, context);
    const decodable = await this.#decodable.find('images', images, context);
    const notes = [
      ...openNotes,
      ...(decodable ? [leftOutNote('', images.length - decodable.length, images.length)] : []),
      ...(await deepGreyNotes(this, images, context)),
    ];
    // Images without a training or test question, such as those of a validation split, need not be embedded.
    const usedImages = new Set([...train, ...test].map(({ image }) => image));
    const kept = (decodable ?? Int32Array.from({ length: images.length }, (_, i) => i)).filter((image) =>
      usedImages.has(image),
    );
    const data = {
      images: subset(images, kept),
      train: questionsAbout(train, kept),
      test: questionsAbout(test, kept),
      quote: isOpen(taskInfo(this)),
    };
    return { data, notes };
  }

  async examples(context: DataContext): Promise<TestExamples> {
    return vqaExamples((await this.#data(context)).data);
  }

  async images(context: DataContext): Promise<ImageSplits> {
    const { images, train, test } = await this.open(context);
    const decodable = new Set(await this.#decodable.find('images', images, context));
    const pickImages = (examples: readonly VqaExample[]) => {
      const used = [...new Set(examples.map(({ image }) => image))];
      const kept = decodable.size > 0 ? used.filter((image) => decodable.has(image)) : used;
      return { images: subset(images, Int32Array.from(kept)) };
    };
    return { train: pickImages(train), test: pickImages(test) };
  }

  /** Training pairs: each training question is merged with its answer into one statement about the image. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const { images, train } = await this.open(context);
    return {
      fingerprint: `${await this.fingerprint(context)}/train/1`,
      synthetic: await isSynthetic(context),
      pairs: {
        length: train.length,
        async get(i) {
          const { image, question, answer } = train[i]!;
          return { image: await images.get(image), caption: toStatement(question, String(answer)) };
        },
      },
    };
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const { images, notes = [], ...splits } = await this.open(context);
    const counts = Object.entries(splits).flatMap(([name, split]) =>
      split ? [[name, { examples: split.length, groups: new Set(split.map(({ image }) => image)).size }] as const] : [],
    );
    const examples = Object.entries(splits).flatMap(([name, split]) => {
      if (!split) return [];
      const used = [...new Set(split.map(({ image }) => image))];
      // "None" is an answer: how many? which of them?
      const texts = split.flatMap(({ question, answer }) =>
        /^\s*none\s*$/i.test(String(answer)) ? [question] : [question, String(answer)],
      );
      return [[name, { images: subset(images, used), texts }] as const];
    });
    return {
      synthetic: await isSynthetic(context),
      splits: Object.fromEntries(counts),
      notes,
      examples: Object.fromEntries(examples),
    };
  }
}
