import {
  type DualEncoderModel,
  defineSettings,
  type Embeddings,
  integer,
  type LossOutput,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type SettingsOf,
} from '@medbench/core';
import { normal } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { infoNce } from '../info-nce.js';
import { nearestInQueue } from '../neighbours.js';
import { normalise } from '../normalise.js';
import { parameterNames } from './idle.js';

const QUEUE = 'declip.queue';

const settings = defineSettings({
  queue: integer({
    default: 1024,
    min: 2,
    description: 'Number of earlier texts in the queue; the paper has 65,536 for its batch of 4,096.',
  }),
});

/** Each image must find not its own text, but the text of an earlier batch that is nearest to its own. */
@Objective({
  id: 'nearest-text',
  title: 'InfoNCE with the nearest earlier text',
  source: 'arXiv:2110.05208, section 3.3',
  settings,
})
export class NearestText implements Objective<typeof settings> {
  parameters({ embedDim }: DualEncoderModel, { queue }: SettingsOf<typeof settings>): readonly ParameterSpec[] {
    return [{ name: QUEUE, shape: [queue, embedDim], init: normal(1), buffer: true }];
  }

  /** The texts of the queue are constants: no gradient reaches the text tower. */
  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['text tower']);
  }

  loss({ representations, parameters }: ObjectiveInput<typeof settings, Embeddings>): LossOutput {
    const { nearest, queue } = nearestInQueue(representations.text, parameters[QUEUE] as tf.Tensor2D);
    const image = normalise(representations.image);
    return { loss: infoNce(image, nearest, tf.exp(parameters.logit_scale!)), updates: { [QUEUE]: queue } };
  }
}
