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
} from '@medbench/core';
import { classTexts, type MultiLabelData, type MultiLabelImages, type MultiLabelSplits } from '@medbench/evaluation';
import { fingerprintFiles } from '@medbench/formats';
import { isSynthetic, taskInfo } from './info.js';
import { inspectSplits } from './inspect.js';
import { OpenedData } from './opened.js';
import { selectPrompts } from './prompts.js';

/** The info that tasks share whose images may have several labels. */
export const MULTI_LABEL = {
  kind: 'multi-label',
  protocols: ['zero-shot', 'linear-probe'],
  metric: { 'zero-shot': 'auc', 'linear-probe': 'auc' },
  presets: [],
} as const satisfies Partial<TaskInfo>;

/** Phrase of an image without a label, in captions. */
const NO_LABEL = 'no finding';

/** Joins phrases: `a`, `a and b`, `a, b and c`. */
const joinPhrases = (phrases: readonly string[]): string =>
  phrases.length < 2 ? (phrases[0] ?? NO_LABEL) : `${phrases.slice(0, -1).join(', ')} and ${phrases.at(-1)}`;

/** The splits of such a task, and what readers of every result must know. */
export interface OpenedMultiLabel extends MultiLabelSplits {
  readonly notes?: readonly string[];
}

/**
 * A task whose images may have several labels, or none. A subclass adds its info (`@Task`), whose classes are the
 * labels, and opens the files. The task runs zero-shot with the templates of the info and a linear probe trained on the
 * training split. Its training pairs have captions that name all labels of an image.
 */
export abstract class MultiLabelTask implements Task {
  readonly #opened = new OpenedData<OpenedMultiLabel>();

  /** Files whose content decides the results. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** Opens and checks the splits. @throws MedbenchError('data') naming what is missing or wrong. */
  protected abstract open(context: DataContext): Promise<OpenedMultiLabel>;

  #splits(context: DataContext): Promise<OpenedMultiLabel> {
    return this.#opened.get(context, () => this.open(context));
  }

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles(await this.files(context), context);
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { caveats = [] } = taskInfo(this);
    const { classes, phrases, templates } = await this.prompts(context);
    const { notes = [], ...splits } = await this.#splits(context);
    const data: MultiLabelData = { ...splits, labelNames: classes, phrases, prompts: templates };
    const results = await measureAll(context.protocols, model, data);
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...notes, ...caveats] })),
    };
  }

  async prompts({ settings }: DataContext): Promise<TaskPrompts> {
    const { id, classes, phrases = classes, templates = [] } = taskInfo(this);
    return { classes, ...selectPrompts(id, { phrases, templates }, settings) };
  }

  async images(context: DataContext): Promise<ImageSplits> {
    const { train, val, test } = await this.#splits(context);
    const withGroups = ({ images, groupNames }: MultiLabelImages) => ({ images, groups: groupNames });
    return { train: train && withGroups(train), val: val && withGroups(val), test: withGroups(test) };
  }

  /** Training pairs: the caption of an image names all its labels in one of the templates. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const { id, classes, phrases = classes, templates = [] } = taskInfo(this);
    const { train } = await this.#splits(context);
    const labels = classes.length;
    return {
      fingerprint: `${await this.fingerprint(context)}/train/1`,
      synthetic: await isSynthetic(context),
      pairs: {
        length: train?.images.length ?? 0,
        async get(i) {
          const own = phrases.filter((_, k) => train!.targets[i * labels + k] === 1);
          const wordings = classTexts(templates, [joinPhrases(own)])[0]!;
          return { image: await train!.images.get(i), caption: random(context.seed, id, 'caption', i).pick(wordings) };
        },
      },
    };
  }

  /** Counts the images of each split and, as its classes, the images that have each label. */
  async inspect(context: DataContext): Promise<DataInspection> {
    const { classes } = taskInfo(this);
    const { train, val, test, notes = [] } = await this.open(context);
    const count = ({ images, targets }: MultiLabelImages) => ({
      examples: images.length,
      classes: classes.map((_, k) =>
        targets.reduce((sum, target, i) => sum + (i % classes.length === k ? target : 0), 0),
      ),
    });
    return inspectSplits(context, { train, val, test }, count, notes);
  }
}
