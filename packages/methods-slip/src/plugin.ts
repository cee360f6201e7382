import {
  type DualEncoderModel,
  Method,
  type MethodInput,
  type ObjectiveInput,
  type ObjectiveOutput,
  type ParameterSpec,
  type RepresentInput,
  type Settings,
  type TensorMap,
} from '@medbench/core';
import { augmentedView } from '@medbench/data/inputs';
import { headParameters, headWidth, projectionHead } from '@medbench/nn';
import { clipObjective, normalise, ntXent } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

const HEAD = 'slip.image_mlp.';

/** CLIP on one view, and on two augmented views of the same picture the image tower must find them again. */
@Method({
  id: 'slip',
  title: 'SLIP: CLIP + two augmented views',
  question: 'unimodal',
  extension: false,
  source: 'arXiv:2112.12750, section 3; additive weight',
  settings: {
    lambda: { default: 1, min: 0, description: 'Weight of the unimodal loss.' },
    temperature: { default: 0.1, min: 0.001, description: 'Temperature of NT-Xent.' },
    hidden: {
      default: 0,
      min: 0,
      description: "Width of the projection head; 0: 16/3 of the tower's, 4096 for a ViT-B.",
    },
    output: { default: 256, min: 1, description: 'Width of what is contrasted.' },
    crop: { default: 0.08, min: 0.01, max: 1, description: 'Smallest share of the picture that a view shows.' },
    flip: { default: false, description: 'Whether views are mirrored, which changes left and right.' },
  },
})
export class Slip implements Method {
  readonly start = 'general';

  parameters({ image }: DualEncoderModel, { hidden, output }: Settings): readonly ParameterSpec[] {
    return headParameters(HEAD, {
      input: image.width,
      hidden: Number(hidden) || headWidth(image.width),
      output: Number(output),
    });
  }

  inputs({ image }: DualEncoderModel, { crop, flip }: Settings): Readonly<Record<string, MethodInput>> {
    const view = augmentedView(image.imageSize, { scale: [Number(crop), 1], flip: flip === true });
    return { first: view, second: view };
  }

  represent({ model, parameters, batch }: RepresentInput): TensorMap {
    const pooled = (view: 'first' | 'second'): tf.Tensor =>
      model.encodeImage(parameters, batch.inputs[view] as tf.Tensor4D).pooled;
    return {
      image: model.encodeImage(parameters, batch.images).embedding,
      text: model.encodeText(parameters, batch.ids).embedding,
      first: pooled('first'),
      second: pooled('second'),
    };
  }

  objective({ representations, parameters, settings }: ObjectiveInput): ObjectiveOutput {
    const clip = clipObjective(representations, parameters);
    // At nothing the row is the baseline, to the last bit.
    if (settings.lambda === 0) return clip;
    const project = (view: 'first' | 'second'): tf.Tensor2D =>
      normalise(projectionHead(parameters, HEAD, representations[view] as tf.Tensor2D));
    const views = ntXent(project('first'), project('second'), Number(settings.temperature));
    const loss = tf.add(clip.loss, tf.mul(views, Number(settings.lambda))) as tf.Scalar;
    return { loss, terms: { ...clip.terms, contrast: clip.loss, views } };
  }
}
