import {
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
import { headParameters, headWidth, patchCount, projectionHead } from '@medbench/nn';
import { keptPatches, patchesKept } from '@medbench/nn/inputs';
import type * as tf from '@tensorflow/tfjs-core';
import { normalise } from '../normalise.js';
import { ntXent } from '../nt-xent.js';
import { idleForPooledImages, type TwoViews } from './two-views.js';

const HEAD = 'masked.image_mlp.';

const settings = defineSettings({
  ratio: number({ default: 0.5, min: 0, max: 0.99, description: 'Share of the patches that are masked.' }),
  temperature: number({ default: 0.1, min: 0.001, description: 'Temperature of NT-Xent.' }),
  hidden: integer({
    min: 1,
    description: "Hidden width of the projection head; auto: 16/3 of the tower's width, 4096 for a ViT-B.",
  }).orAuto(),
  output: integer({ default: 256, min: 1, description: 'Width of the projections that are contrasted.' }),
});
type Settings = SettingsOf<typeof settings>;
type Kept = { readonly first: tf.Tensor2D; readonly second: tf.Tensor2D };

/** Each image has two masked views, and each view must find the other among all views of the batch. */
@Objective({
  id: 'masked-views',
  title: 'NT-Xent between two masked views',
  source: 'arXiv:2002.05709, equation 1, on two masked views',
  settings,
})
export class MaskedViews implements Objective<typeof settings, TwoViews> {
  parameters({ image }: DualEncoderModel, { hidden, output }: Settings): readonly ParameterSpec[] {
    const width = hidden === 'auto' ? headWidth(image.width) : hidden;
    return headParameters(HEAD, { input: image.width, hidden: width, output });
  }

  inputs(model: DualEncoderModel, { ratio }: Settings): Readonly<Record<string, MethodInput>> {
    const count = patchCount(model);
    const kept = keptPatches(count, patchesKept(count, ratio));
    return { first: kept, second: kept };
  }

  idle(model: DualEncoderModel): readonly string[] {
    return idleForPooledImages(model);
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings, Kept>): TwoViews {
    const pooled = (keptPatches: tf.Tensor2D): tf.Tensor2D =>
      model.encodeImage(parameters, batch.images, { keptPatches }).pooled;
    return { first: pooled(batch.inputs.first), second: pooled(batch.inputs.second) };
  }

  loss({ representations, parameters, settings: values }: ObjectiveInput<typeof settings, TwoViews>): LossOutput {
    const { first, second } = representations;
    const project = (view: tf.Tensor2D): tf.Tensor2D => normalise(projectionHead(parameters, HEAD, view));
    return { loss: ntXent(project(first), project(second), values.temperature) };
  }
}
