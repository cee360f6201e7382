import {
  type DataContext,
  type DataInspection,
  type EvaluationModel,
  type ImageSplits,
  measureAll,
  type OpenedCorpus,
  random,
  type Task,
  type TaskContext,
  type TaskInfo,
  type TaskOutcome,
  type TestExamples,
} from '@medbench/core';
import { type ClassificationData, classTexts, type LabelledImages, withBalance } from '@medbench/evaluation';
import { fingerprintFiles } from '@medbench/formats';
import { countLabels, isSynthetic, taskInfo } from './info.js';
import { selectPrompts } from './prompts.js';
import { GoodImages, goodSplit } from './skip-bad.js';

/** What the classification tasks of the study have in common. */
export const CLASSIFICATION = {
  kind: 'classification',
  protocols: ['zero-shot', 'linear-probe'],
  metric: { 'zero-shot': 'accuracy', 'linear-probe': 'accuracy' },
  presets: ['paper', 'demo'],
} as const satisfies Partial<TaskInfo>;

/** The splits of a classification data set. Images are decoded when read. */
export interface ClassificationSplits {
  readonly train: LabelledImages;
  /** Without one, the protocols hold out a fixed tenth of the training split. */
  readonly val?: LabelledImages | undefined;
  readonly test: LabelledImages;
  /** What a reader must know of these splits, beside every figure. */
  readonly notes?: readonly string[];
  /** Where the settings change them: the classes in label order, and what stands for each in a prompt. */
  readonly classes?: Pick<TaskInfo, 'classes' | 'phrases'>;
}

/**
 * A classification task, but for its info (`@Task`) and how its files are opened: zero-shot with the templates of the
 * info, linear probe from training to test split, and pairs whose captions name the label in one of the templates.
 */
export abstract class ClassificationTask implements Task {
  readonly #decodable = new GoodImages();

  /** Files, and folders for all files in them, whose content decides the numbers. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** Folders of more images than can be read each time: their names and sizes stand for their content. */
  protected async imageFolders(_: DataContext): Promise<readonly string[]> {
    return [];
  }
  /** The splits, checked; images are decoded when read. @throws MedbenchError('data') naming file, row or column. */
  abstract open(context: DataContext): Promise<ClassificationSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles(await this.files(context), { listed: await this.imageFolders(context) });
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const info = taskInfo(this);
    const { notes = [], classes: given, ...splits } = await this.#used(context);
    const { classes, phrases = classes } = given ?? info;
    const prompts = selectPrompts(info.templates ?? [], context.settings);
    const data: ClassificationData = { ...splits, classes, classPhrases: phrases, prompts };
    const results = await measureAll(context.protocols, model, data);
    const said = [...notes, ...(info.caveats ?? [])];
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...said] })),
    };
  }

  /** The splits as they are used: without what cannot be read, and with classes as uneven as the settings want them. */
  async #used(context: DataContext): Promise<ClassificationSplits> {
    const good = await this.#good(context);
    return { ...good, train: withBalance(good.train, context.settings) };
  }

  /** The splits without what cannot be read, where it may be left out. */
  async #good(context: DataContext): Promise<ClassificationSplits> {
    const opened = await this.open(context);
    if (!context.skipBad) return opened;
    const train = await goodSplit(this.#decodable, 'train', opened.train, context);
    const val = opened.val && (await goodSplit(this.#decodable, 'val', opened.val, context));
    const test = await goodSplit(this.#decodable, 'test', opened.test, context);
    const notes = [...(opened.notes ?? []), ...train.notes, ...(val?.notes ?? []), ...test.notes];
    return { ...opened, train: train.split, val: val?.split, test: test.split, notes };
  }

  async images(context: DataContext): Promise<ImageSplits> {
    const { train, val, test } = await this.#used(context);
    const of = ({ images, groupNames }: LabelledImages) => ({ images, groups: groupNames });
    return { train: of(train), val: val && of(val), test: of(test) };
  }

  async examples(context: DataContext): Promise<TestExamples> {
    const { test, classes: given } = await this.#good(context);
    const { classes } = given ?? taskInfo(this);
    const example = (image: number) => ({ image, answer: classes[test.labels[image]!]! });
    return { images: test.images, texts: classes, example };
  }

  /** Each training image with a caption that names its label, in one of the prompt wordings. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const info = taskInfo(this);
    const { train, classes: given } = await this.#used(context);
    const texts = wordings({ ...info, ...given });
    return {
      fingerprint: `${await this.fingerprint(context)}/train/1`,
      synthetic: await isSynthetic(context),
      pairs: {
        length: train.images.length,
        async get(i) {
          const caption = random(context.seed, info.id, 'caption', i).pick(texts[train.labels[i]!]!);
          return { image: await train.images.get(i), caption };
        },
      },
    };
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const { notes = [], classes: given, ...splits } = await this.open(context);
    const { classes } = given ?? taskInfo(this);
    const counted = Object.entries(splits).flatMap(([name, split]) =>
      split
        ? [
            [
              name,
              {
                examples: split.labels.length,
                classes: countLabels(split.labels, classes.length),
                ...(split.groups ? { groups: new Set(split.groups).size } : {}),
              },
            ] as const,
          ]
        : [],
    );
    return { synthetic: await isSynthetic(context), splits: Object.fromEntries(counted), notes };
  }
}

/** Every wording of each class, in label order. */
const wordings = ({ classes, phrases = classes, templates = [] }: TaskInfo): string[][] =>
  classTexts(templates, phrases);
