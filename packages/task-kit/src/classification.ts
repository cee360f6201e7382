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
  type TaskPrompts,
  type TestExamples,
} from '@medbench/core';
import { type ClassificationData, classTexts, type LabelledImages, withBalance } from '@medbench/evaluation';
import { fingerprintFiles } from '@medbench/formats';
import { deepGreyNotes } from './deep-grey.js';
import { countLabels, isSynthetic, taskInfo } from './info.js';
import { inspectSplits } from './inspect.js';
import { OpenedData } from './opened.js';
import { selectPrompts } from './prompts.js';
import { DecodableImages, decodableSplit } from './skip-bad.js';

/** The info that the classification tasks of the study share. */
export const CLASSIFICATION = {
  kind: 'classification',
  protocols: ['zero-shot', 'linear-probe'],
  metric: { 'zero-shot': 'accuracy', 'linear-probe': 'accuracy' },
  presets: ['paper', 'demo'],
} as const satisfies Partial<TaskInfo>;

/** The splits of a classification data set. Images are decoded when read. */
export interface ClassificationSplits {
  readonly train: LabelledImages;
  /** Validation split. Without one, the protocols hold out a fixed tenth of the training split. */
  readonly val?: LabelledImages | undefined;
  readonly test: LabelledImages;
  /** Notes that readers see beside every result on these splits. */
  readonly notes?: readonly string[];
  /** Classes and prompt phrases in label order, if the settings change those of the info. */
  readonly classes?: Pick<TaskInfo, 'classes' | 'phrases'>;
}

/**
 * A classification task. A subclass adds its info (`@Task`) and opens the files. The task runs zero-shot with the
 * templates of the info and a linear probe trained on the training split. Its training pairs have captions that name
 * the label in one of the templates.
 */
export abstract class ClassificationTask implements Task {
  readonly #decodable = new DecodableImages();
  readonly #opened = new OpenedData<ClassificationSplits>();
  readonly #balanced = new OpenedData<ClassificationSplits>();

  /** Files whose content decides the results; a folder stands for all files in it. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** Folders of images. The content of all their files is hashed, once for each state of a file. */
  protected async imageFolders(_: DataContext): Promise<readonly string[]> {
    return [];
  }
  /**
   * Opens and checks the splits. Images are decoded when read.
   * @throws MedbenchError('data') naming file, row or column.
   */
  abstract open(context: DataContext): Promise<ClassificationSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles([...(await this.files(context)), ...(await this.imageFolders(context))], context);
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const info = taskInfo(this);
    const { notes = [], classes: _, ...splits } = await this.#prepared(context);
    const { classes, phrases, templates } = await this.prompts(context);
    const data: ClassificationData = { ...splits, classes, classPhrases: phrases, prompts: templates };
    const results = await measureAll(context.protocols, model, data);
    const taskNotes = [...notes, ...(info.caveats ?? [])];
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...taskNotes] })),
    };
  }

  async prompts(context: DataContext): Promise<TaskPrompts> {
    const info = taskInfo(this);
    const { classes: override } = await this.#prepared(context);
    const { classes, phrases = classes } = override ?? info;
    return { classes, ...selectPrompts(info.id, { phrases, templates: info.templates ?? [] }, context.settings) };
  }

  /** The readable splits, with the class imbalance of the settings applied to the training split. */
  #prepared(context: DataContext): Promise<ClassificationSplits> {
    return this.#balanced.get(context, async () => {
      const readable = await this.#readable(context);
      return { ...readable, train: withBalance(readable.train, context.settings) };
    });
  }

  /** The splits; under `skipBad`, without images that cannot be decoded. */
  #readable(context: DataContext): Promise<ClassificationSplits> {
    return this.#opened.get(context, () => this.#open(context));
  }

  async #open(context: DataContext): Promise<ClassificationSplits> {
    const splits = await this.open(context);
    const deep = await deepGreyNotes(this, splits.test.images, context);
    const opened = deep.length > 0 ? { ...splits, notes: [...(splits.notes ?? []), ...deep] } : splits;
    if (!context.skipBad) return opened;
    const train = await decodableSplit(this.#decodable, 'train', opened.train, context);
    const val = opened.val && (await decodableSplit(this.#decodable, 'val', opened.val, context));
    const test = await decodableSplit(this.#decodable, 'test', opened.test, context);
    const notes = [...(opened.notes ?? []), ...train.notes, ...(val?.notes ?? []), ...test.notes];
    return { ...opened, train: train.split, val: val?.split, test: test.split, notes };
  }

  async images(context: DataContext): Promise<ImageSplits> {
    const { train, val, test } = await this.#prepared(context);
    const withGroups = ({ images, groupNames }: LabelledImages) => ({ images, groups: groupNames });
    return { train: withGroups(train), val: val && withGroups(val), test: withGroups(test) };
  }

  async examples(context: DataContext): Promise<TestExamples> {
    const { test, classes: override } = await this.#readable(context);
    const { classes } = override ?? taskInfo(this);
    const example = (image: number) => ({ image, answer: classes[test.labels[image]!]! });
    return { images: test.images, texts: classes, example };
  }

  /** Training pairs: each training image has a caption that names its label in one of the templates. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const info = taskInfo(this);
    const { train, classes: override } = await this.#prepared(context);
    const texts = listWordings({ ...info, ...override });
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
    const { notes = [], classes: override, ...splits } = await this.open(context);
    const { classes } = override ?? taskInfo(this);
    const count = ({ labels, groups }: LabelledImages) => ({
      examples: labels.length,
      classes: countLabels(labels, classes.length),
      ...(groups ? { groups: new Set(groups).size } : {}),
    });
    return inspectSplits(context, splits, count, notes);
  }
}

/** The caption of each class in every template, in label order. */
const listWordings = ({ classes, phrases = classes, templates = [] }: TaskInfo): string[][] =>
  classTexts(templates, phrases);
