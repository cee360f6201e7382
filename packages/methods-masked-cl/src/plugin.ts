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
import { headParameters, headWidth, patchCount, projectionHead } from '@medbench/nn';
import { keptPatches, patchesKept, shuffledPatches } from '@medbench/nn/inputs';
import { clipObjective, normalise, ntXent } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';
import { hiddenPatchLoss, predictorParameters } from './predictor.js';

const HEAD = 'masked.image_mlp.';

/** CLIP on the whole picture, and an image-only loss on what masking leaves of it. */
@Method({
  id: 'masked-cl',
  title: 'Masked contrast: CLIP + masked views',
  question: 'unimodal',
  extension: false,
  source: "the study's code (image contrast on two masked views); arXiv:2208.12262 (ema); arXiv:2111.06377 (pixels)",
  settings: {
    target: {
      default: 'view',
      choices: ['view', 'ema', 'pixels'],
      description: "What a masked view must find: its twin, a moving average's features, the hidden pixels.",
    },
    ratio: { default: 0.5, min: 0, max: 0.99, description: 'Share of the patches that is masked.' },
    lambda: { default: 1, min: 0, description: 'Weight of the unimodal loss.' },
    temperature: { default: 0.1, min: 0.001, description: 'Temperature of NT-Xent (view).' },
    hidden: {
      default: 0,
      min: 0,
      description: "Width of the projection head (view); 0: 16/3 of the tower's, 4096 for a ViT-B.",
    },
    output: { default: 256, min: 1, description: 'Width of what is contrasted (view).' },
    momentum: { default: 0.999, min: 0, max: 1, description: 'Of the moving average (ema).' },
  },
})
export class MaskedCl implements Method {
  readonly start = 'general';

  parameters(model: DualEncoderModel, { target, hidden, output }: Settings): readonly ParameterSpec[] {
    return target === 'view'
      ? headParameters(HEAD, {
          input: model.image.width,
          hidden: Number(hidden) || headWidth(model.image.width),
          output: Number(output),
        })
      : predictorParameters(model, target === 'pixels' ? 'pixels' : 'features');
  }

  teacher({ target, momentum }: Settings): number | null {
    return target === 'ema' ? Number(momentum) : null;
  }

  inputs(model: DualEncoderModel, { target, ratio }: Settings): Readonly<Record<string, MethodInput>> {
    const count = patchCount(model);
    if (target !== 'view') return { order: shuffledPatches(count) };
    const kept = keptPatches(count, patchesKept(count, Number(ratio)));
    return { first: kept, second: kept };
  }

  represent({ model, parameters, batch, settings, teacher }: RepresentInput): TensorMap {
    const towers = {
      image: model.encodeImage(parameters, batch.images).embedding,
      text: model.encodeText(parameters, batch.ids).embedding,
    };
    if (settings.target === 'view') {
      const pooled = (view: 'first' | 'second'): tf.Tensor =>
        model.encodeImage(parameters, batch.images, { keptPatches: batch.inputs[view] as tf.Tensor2D }).pooled;
      return { ...towers, first: pooled('first'), second: pooled('second') };
    }
    const kept = patchesKept(patchCount(model), Number(settings.ratio));
    return { ...towers, hidden: hiddenPatchLoss({ model, parameters, teacher, batch, kept }) };
  }

  objective({ representations, parameters, settings }: ObjectiveInput): ObjectiveOutput {
    const clip = clipObjective(representations, parameters);
    // At nothing the row is the baseline, to the last bit.
    if (settings.lambda === 0) return clip;
    const project = (view: 'first' | 'second'): tf.Tensor2D =>
      normalise(projectionHead(parameters, HEAD, representations[view] as tf.Tensor2D));
    const masked =
      settings.target === 'view'
        ? ntXent(project('first'), project('second'), Number(settings.temperature))
        : (tf.mean(representations.hidden!) as tf.Scalar);
    const loss = tf.add(clip.loss, tf.mul(masked, Number(settings.lambda))) as tf.Scalar;
    return { loss, terms: { ...clip.terms, contrast: clip.loss, masked } };
  }
}
