import { elementCount, type HostTensor, type HostTensors, type ImageEncoderModel, type Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { differentiate } from '../differentiate.js';
import { scattered, type TowerOracle, weightByFormula } from './towers.js';

type Summary = TowerOracle['gradients'][string];

/** Results of a reference implementation of an image tower (`scripts/oracles/timm_towers.py`). */
export interface ImageTowerOracle {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly embedding: readonly number[];
  readonly pooled: Summary;
  readonly hidden: Summary;
  readonly tokens: Summary;
  readonly tokenEmbeddings: Summary;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Summary>>;
}

/** The outputs that the oracle summarises. */
export const IMAGE_TOWER_PARTS = ['pooled', 'hidden', 'tokens', 'tokenEmbeddings'] as const;

/** The oracle's images, `[B, 3, H, W]` in Python and `[B, H, W, 3]` here. */
export function oracleImages(batch: number, side: number): HostTensor {
  const plane = side * side;
  const data = Float32Array.from({ length: batch * plane * 3 }, (_, i) => {
    const [image, pixel, channel] = [Math.floor(i / (3 * plane)), Math.floor((i % (3 * plane)) / 3), i % 3];
    return scattered((image * 3 + channel) * plane + pixel, 0);
  });
  return { shape: [batch, side, side, 3], dtype: 'float32', data };
}

/** Weights by the oracles' formula. */
export const imageTowerWeights = (model: ImageEncoderModel): HostTensors =>
  Object.fromEntries(model.parameters.map(({ name, shape }) => [name, weightByFormula(name, shape)]));

const weigh = (x: tf.Tensor): tf.Tensor =>
  tf.sum(tf.mul(x, tf.reshape(tf.cos(tf.range(0, elementCount(x.shape))), x.shape)));

/**
 * A program that computes `embedding`, `pooled`, `hidden`, `tokens`, `tokenEmbeddings`, the oracle's loss of embedding
 * and projected tokens, and its gradients (`gradient/<name>`), for a batch of `images`.
 */
export function imageTowerProgram(model: ImageEncoderModel, batch: number): Program {
  const shape = [batch, model.imageSize, model.imageSize, 3];
  return {
    name: `tower:${model.id}`,
    state: Object.fromEntries(model.parameters.map((spec) => [spec.name, { shape: spec.shape, dtype: 'float32' }])),
    inputs: { images: { shape, dtype: 'float32' } },
    run(parameters, inputs) {
      const { value, gradients, terms } = differentiate(parameters, (variables) => {
        const output = model.forward(variables, inputs.images as tf.Tensor4D);
        const { embedding, pooled, hidden, tokens, tokenEmbeddings } = output;
        const loss = tf.add(weigh(embedding), weigh(tokenEmbeddings!)) as tf.Scalar;
        return {
          value: loss,
          terms: { embedding, pooled, hidden: hidden!, tokens, tokenEmbeddings: tokenEmbeddings! },
        };
      });
      const named = Object.entries(gradients).map(([name, gradient]) => [`gradient/${name}`, gradient]);
      return { outputs: { loss: value, ...terms, ...Object.fromEntries(named) } };
    },
  };
}
