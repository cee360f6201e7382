import {
  type DataContext,
  type EvaluationModel,
  Task,
  type TaskContext,
  type TaskInfo,
  type TaskOutcome,
} from '@medbench/core';
import { evaluateClassification, type LabelledImages } from '@medbench/evaluation';
import { LABELS } from '@medbench/phantoms';
import { FACTS } from './facts.js';
import { fingerprint, readExamples, type Split } from './files.js';

type Factor = keyof typeof LABELS;

const factsOf = (factor: Factor, title: string, metric: string): TaskInfo => ({
  ...FACTS,
  id: `phantom-${factor}`,
  title,
  kind: 'classification',
  protocols: ['zero-shot', 'linear-probe'],
  classes: LABELS[factor].classes,
  metric: { 'zero-shot': metric, 'linear-probe': metric },
});

/** Classification by one known factor of the generated pictures. */
class FactorTask implements Task {
  constructor(
    private readonly factor: Factor,
    private readonly metric: string,
  ) {}

  fingerprint(context: DataContext): Promise<string> {
    return fingerprint(context);
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { classes, templates, label } = LABELS[this.factor];
    const labelled = async (split: Split): Promise<LabelledImages> => {
      const { rows, images } = await readExamples(context, split);
      return { images, labels: Int32Array.from(rows, label) };
    };
    return {
      synthetic: true,
      results: await evaluateClassification(
        model,
        { train: await labelled('train'), val: await labelled('val'), test: await labelled('test') },
        { classes, prompts: templates, metric: { 'zero-shot': this.metric, 'linear-probe': this.metric } },
        context,
      ),
    };
  }
}

/** What the whole picture decides: modality and its global factor, ten classes. */
@Task(factsOf('global', 'Phantoms: global factor', 'accuracy'))
export class PhantomGlobal extends FactorTask {
  constructor() {
    super('global', 'accuracy');
  }
}

/** What a few pixels decide: no finding, or on which side of the image. */
@Task(factsOf('local', 'Phantoms: local finding', 'accuracy'))
export class PhantomLocal extends FactorTask {
  constructor() {
    super('local', 'accuracy');
  }
}

/** What is seldom there: 2 % of the training pictures, raised to 10 % of the test pictures so that it can be measured. */
@Task(factsOf('rare', 'Phantoms: rare finding', 'balanced_accuracy'))
export class PhantomRare extends FactorTask {
  constructor() {
    super('rare', 'balanced_accuracy');
  }
}
