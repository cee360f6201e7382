import {
  type DataContext,
  type EvaluationModel,
  measureAll,
  type OpenedCorpus,
  Task,
  type TaskContext,
  type TaskInfo,
  type TaskOutcome,
  type TestExamples,
} from '@medbench/core';
import { inject } from '@medbench/core/services';
import { subset } from '@medbench/data';
import {
  BALANCE_SETTINGS,
  type ClassificationData,
  type LabelledImages,
  longTail,
  withBalance,
} from '@medbench/evaluation';
import { LABELS } from '@medbench/phantoms';
import { PhantomFiles, type TableSplit } from './files.js';
import { INFO } from './info.js';

type Factor = keyof typeof LABELS;

const factorTaskInfo = (factor: Factor, title: string, metric: string): TaskInfo => ({
  ...INFO,
  id: `phantom-${factor}`,
  title,
  kind: 'classification',
  protocols: ['zero-shot', 'linear-probe'],
  classes: LABELS[factor].classes,
  metric: { 'zero-shot': metric, 'linear-probe': metric },
  settings: BALANCE_SETTINGS,
});

/** Classification by one known factor of the generated images. */
class FactorTask implements Task {
  constructor(
    private readonly factor: Factor,
    private readonly files: PhantomFiles,
  ) {}

  fingerprint(): Promise<string> {
    return this.files.fingerprint();
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { classes, templates, label } = LABELS[this.factor];
    const labelled = async (split: TableSplit): Promise<LabelledImages> => {
      const { rows, images } = await this.files.examples(split);
      return { images, labels: Int32Array.from(rows, label) };
    };
    const data: ClassificationData = {
      train: withBalance(await labelled('train'), context.settings),
      val: await labelled('val'),
      test: await labelled('test'),
      classes,
      prompts: templates,
    };
    return { synthetic: true, results: await measureAll(context.protocols, model, data) };
  }

  /** Training images with their captions, subsampled to the class imbalance of the settings. */
  async pairs(context: DataContext): Promise<OpenedCorpus> {
    const { label } = LABELS[this.factor];
    const { rows, images } = await this.files.examples('train');
    const allPairs = {
      length: rows.length,
      get: async (i: number) => ({ image: await images.get(i), caption: rows[i]!.caption }),
    };
    const { imbalance } = context.settings;
    return {
      fingerprint: `${await this.files.fingerprint()}/${this.factor}/train/1`,
      synthetic: true,
      pairs: subset(allPairs, longTail(Int32Array.from(rows, label), Number(imbalance))),
    };
  }

  async examples(): Promise<TestExamples> {
    const { classes, label } = LABELS[this.factor];
    const { rows, images } = await this.files.examples('test');
    return { images, texts: classes, example: (image) => ({ image, answer: classes[label(rows[image]!)]! }) };
  }
}

/** Classification by the whole image: modality and its global factor, ten classes. */
@Task(factorTaskInfo('global', 'Phantoms: global factor', 'accuracy'))
export class PhantomGlobal extends FactorTask {
  constructor(@inject(PhantomFiles) files: PhantomFiles) {
    super('global', files);
  }
}

/** Classification by a few pixels: no finding, or the side of the image that shows it. */
@Task(factorTaskInfo('local', 'Phantoms: local finding', 'accuracy'))
export class PhantomLocal extends FactorTask {
  constructor(@inject(PhantomFiles) files: PhantomFiles) {
    super('local', files);
  }
}

/** Detection of a rare finding: 2 % of the training images have one, and 10 % of the test images, for measurability. */
@Task(factorTaskInfo('rare', 'Phantoms: rare finding', 'balanced_accuracy'))
export class PhantomRare extends FactorTask {
  constructor(@inject(PhantomFiles) files: PhantomFiles) {
    super('rare', files);
  }
}
