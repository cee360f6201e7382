import {
  type DataContext,
  type DataInspection,
  type EvaluationModel,
  type ImageSplits,
  measureAll,
  type OpenedCorpus,
  type RasterImage,
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
import { isSynthetic, taskInfo } from './info.js';
import { GoodImages, leftOut, questionsAbout } from './skip-bad.js';
import { toStatement } from './statement.js';

/** Questions about images; several questions may be about one image. */
export interface VqaSplits {
  readonly images: Source<RasterImage>;
  readonly train: readonly VqaExample[];
  readonly val?: readonly VqaExample[] | undefined;
  readonly test: readonly VqaExample[];
  readonly notes?: readonly string[];
}

/** Whether anyone may read the data: what is said of the others quotes nothing. */
const isOpen = ({ access }: TaskInfo): boolean => access === 'open' || access === 'generated';

/** A question answering task, but for its info (`@Task`) and how its files are opened. */
export abstract class VqaTask implements Task {
  readonly #decodable = new GoodImages();

  /** Files, and folders for all files in them, whose content decides the numbers. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** @throws MedbenchError('data') naming the file, row or column that is missing or wrong. */
  protected abstract open(context: DataContext): Promise<VqaSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles(await this.files(context));
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { data, notes } = await this.#data(context);
    const results = await measureAll(context.protocols, model, data);
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...notes] })),
    };
  }

  /** What is evaluated: images that can be read and that a question here is about, with those questions. */
  async #data(context: DataContext): Promise<{ readonly data: VqaData; readonly notes: readonly string[] }> {
    const { images, train, test, notes: said = [] } = await this.open(context);
    const good = await this.#decodable.among('images', images, context);
    const notes = good ? [...said, leftOut('', images.length - good.length, images.length)] : said;
    // Images that no question here is about, such as those of a validation split, are not embedded.
    const asked = new Set([...train, ...test].map(({ image }) => image));
    const kept = (good ?? Int32Array.from({ length: images.length }, (_, i) => i)).filter((image) => asked.has(image));
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
    const good = new Set(await this.#decodable.among('images', images, context));
    const of = (examples: readonly VqaExample[]) => {
      const asked = [...new Set(examples.map(({ image }) => image))];
      const kept = good.size > 0 ? asked.filter((image) => good.has(image)) : asked;
      return { images: subset(images, Int32Array.from(kept)) };
    };
    return { train: of(train), test: of(test) };
  }

  /** Each training question with its answer as one statement about the image. */
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
    const { images: _, notes = [], ...splits } = await this.open(context);
    const counted = Object.entries(splits).flatMap(([name, split]) =>
      split ? [[name, { examples: split.length, groups: new Set(split.map(({ image }) => image)).size }] as const] : [],
    );
    return { synthetic: await isSynthetic(context), splits: Object.fromEntries(counted), notes };
  }
}
