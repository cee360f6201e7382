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
import { augmentedView } from '@medbench/data/inputs';
import { headParameters, headWidth, predictionHead, predictionParameters, projectionHead } from '@medbench/nn';
import type * as tf from '@tensorflow/tfjs-core';
import { type SimsiamView, simsiam } from '../simsiam.js';
import { idleForPooledImages, type TwoViews } from './two-views.js';

const HEAD = 'declip.image_mlp.';
const PREDICTOR = 'declip.predictor.';

const settings = defineSettings({
  hidden: integer({
    min: 1,
    description: "Hidden width of the projection head; auto: 16/3 of the tower's width.",
  }).orAuto(),
  output: integer({ default: 256, min: 4, description: 'Width of the projections that are compared.' }),
  crop: number({
    default: 0.2,
    min: 0.01,
    max: 1,
    description: "Smallest share of the image's area that a view shows.",
  }),
});
type Settings = SettingsOf<typeof settings>;
type Views = { readonly first: tf.Tensor4D; readonly second: tf.Tensor4D };

/** From each of two augmented views of an image, the projection of the other view must be predicted. */
@Objective({
  id: 'simsiam-views',
  title: 'SimSiam between two augmented views',
  source: 'arXiv:2110.05208, section 3.2; arXiv:2011.10566, equation 2',
  settings,
})
export class SimsiamViews implements Objective<typeof settings, TwoViews> {
  parameters({ image }: DualEncoderModel, { hidden, output }: Settings): readonly ParameterSpec[] {
    const width = hidden === 'auto' ? headWidth(image.width) : hidden;
    return [
      ...headParameters(HEAD, { input: image.width, hidden: width, output }),
      ...predictionParameters(PREDICTOR, { input: output, hidden: Math.ceil(output / 4), output }),
    ];
  }

  inputs({ image }: DualEncoderModel, { crop }: Settings): Readonly<Record<string, MethodInput>> {
    const view = augmentedView(image.imageSize, { scale: [crop, 1], flip: false });
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

  loss({ representations, parameters }: ObjectiveInput<typeof settings, TwoViews>): LossOutput {
    const view = (pooled: tf.Tensor2D): SimsiamView => {
      const projected = projectionHead(parameters, HEAD, pooled);
      return { projected, predicted: predictionHead(parameters, PREDICTOR, projected) };
    };
    return { loss: simsiam(view(representations.first), view(representations.second)) };
  }
}
