import type { DualEncoderModel } from '@medbench/core';
import type * as tf from '@tensorflow/tfjs-core';
import { parameterNames } from './idle.js';

/** Pooled features of two views of each image, both `[B, W]`. */
export type TwoViews = { readonly first: tf.Tensor2D; readonly second: tf.Tensor2D };

/** Names of the parameters on which a loss on the image tower's pooled features does not depend. */
export const idleForPooledImages = (model: DualEncoderModel): readonly string[] =>
  parameterNames(model, ['text tower', 'image projection', 'logit scale']);
