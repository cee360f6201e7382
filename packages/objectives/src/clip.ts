import * as tf from '@tensorflow/tfjs-core';
import { infoNceTerms } from './info-nce.js';
import { normalise } from './normalise.js';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/**
 * CLIP's whole objective (arXiv:2103.00020, figure 3): normalises both embeddings and computes symmetric InfoNCE at the
 * learned scale.
 * @param representations `image` and `text`, `[B, D]`. @param parameters `logit_scale`, the logarithm of the scale.
 * @throws TypeError if one of them is missing.
 */
export function clipObjective(
  representations: Tensors,
  parameters: Tensors,
): { readonly loss: tf.Scalar; readonly terms: Readonly<Record<string, tf.Scalar>> } {
  const { image, text } = representations;
  const { logit_scale: logScale } = parameters;
  if (!image || !text || !logScale) {
    throw new TypeError('clipObjective needs the representations image and text, and the parameter logit_scale');
  }
  const { loss, ...terms } = infoNceTerms(
    normalise(image as tf.Tensor2D),
    normalise(text as tf.Tensor2D),
    tf.exp(logScale),
  );
  return { loss, terms };
}
