import {
  boolean,
  type DualEncoderModel,
  defineSettings,
  integer,
  type LossOutput,
  type MethodInput,
  number,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type RepresentInput,
  type SettingsOf,
} from '@medbench/core';
import { augmentedView } from '@medbench/data/inputs';
import { headParameters, headWidth, projectionHead } from '@medbench/nn';
import type * as tf from '@tensorflow/tfjs-core';
import { normalise } from '../normalise.js';
import { ntXent } from '../nt-xent.js';
import { idleForPooledImages, type TwoViews } from './two-views.js';

const HEAD = 'slip.image_mlp.';

const settings = defineSettings({
  temperature: number({ default: 0.1, min: 0.001, description: 'Temperature of NT-Xent.' }),
  hidden: integer({
    min: 1,
    description: "Hidden width of the projection head; auto: 16/3 of the tower's width, 4096 for a ViT-B.",
  }).orAuto(),
  output: integer({ default: 256, min: 1, description: 'Width of the projections that are contrasted.' }),
  crop: number({
    default: 0.08,
    min: 0.01,
    max: 1,
    description: "Smallest share of the image's area that a view shows.",
  }),
  flip: boolean({ default: false, description: 'Whether views may be mirrored, which swaps left and right.' }),
});
type Settings = SettingsOf<typeof settings>;
type Views = { readonly first: tf.Tensor4D; readonly second: tf.Tensor4D };

/** Each image has two augmented views, and each view must find the other among all views of the batch. */
@Objective({
  id: 'nt-xent-views',
  title: 'NT-Xent between two augmented views',
  source: 'arXiv:2112.12750, section 3; arXiv:2002.05709, equation 1',
  settings,
})
export class NtXentViews implements Objective<typeof settings, TwoViews> {
  parameters({ image }: DualEncoderModel, { hidden, output }: Settings): readonly ParameterSpec[] {
    const width = hidden === 'auto' ? headWidth(image.width) : hidden;
    return headParameters(HEAD, { input: image.width, hidden: width, output });
  }

  inputs({ image }: DualEncoderModel, { crop, flip }: Settings): Readonly<Record<string, MethodInput>> {
    const view = augmentedView(image.imageSize, { scale: [crop, 1], flip });
    return { first: view, second: view };
  }

  idle(model: DualEncoderModel): readonly string[] {
    return idleForPooledImages(model);
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings, Views>): TwoViews {
    return {
      first: model.encodeImage(parameters, batch.inputs.first).pooled,
      second: model.encodeImage(parameters, batch.inputs.second).pooled,
    };
  }

  loss({ representations, parameters, settings: values }: ObjectiveInput<typeof settings, TwoViews>): LossOutput {
    const { first, second } = representations;
    const project = (view: tf.Tensor2D): tf.Tensor2D => normalise(projectionHead(parameters, HEAD, view));
    return { loss: ntXent(project(first), project(second), values.temperature) };
  }
}
