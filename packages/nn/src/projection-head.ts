import type { ParameterSpec, TensorMap } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { batchNorm, batchNormParameters } from './batch-norm.js';
import { linear } from './layers.js';
import { uniform } from './parameters.js';

/** Widths of a projection head. */
export interface HeadSizes {
  readonly input: number;
  readonly hidden: number;
  readonly output: number;
}

/** Width of the hidden layers for a tower of `width`: SLIP's 4096 for 768, in that proportion for others. */
export const headWidth = (width: number): number => Math.round((width * 16) / 3);

function linearParameters(name: string, from: number, to: number): ParameterSpec[] {
  // The framework default of the original: uniform within 1 / sqrt(fan in).
  const init = uniform(from ** -0.5);
  return [
    { name: `${name}.weight`, shape: [to, from], init },
    { name: `${name}.bias`, shape: [to], init },
  ];
}

/**
 * Parameters of `projectionHead`, named as SLIP's `image_mlp`. Without running statistics: the head is thrown away after
 * training, and in training the batch's own count.
 */
export function headParameters(prefix: string, { input, hidden, output }: HeadSizes): ParameterSpec[] {
  const norm = (name: string): ParameterSpec[] => batchNormParameters(name, hidden).filter(({ buffer }) => !buffer);
  return [
    ...linearParameters(`${prefix}layer1`, input, hidden),
    ...norm(`${prefix}bn1`),
    ...linearParameters(`${prefix}layer2`, hidden, hidden),
    ...norm(`${prefix}bn2`),
    ...linearParameters(`${prefix}layer3`, hidden, output),
  ];
}

/**
 * The three-layer head of SLIP (arXiv:2112.12750, section 3.2): linear, batch norm, ReLU, twice, and a linear layer. The
 * statistics are those of `x`: give it one view at a time.
 * @param x `[B, input]`. @returns `[B, output]`.
 */
export function projectionHead(parameters: TensorMap, prefix: string, x: tf.Tensor2D): tf.Tensor2D {
  const layer = (name: string, value: tf.Tensor2D): tf.Tensor2D =>
    linear(value, parameters[`${prefix}${name}.weight`]!, parameters[`${prefix}${name}.bias`]!);
  const norm = (name: string, value: tf.Tensor2D): tf.Tensor2D => {
    const width = value.shape[1];
    const running = {
      [`${prefix}${name}.running_mean`]: tf.zeros([width]),
      [`${prefix}${name}.running_var`]: tf.ones([width]),
    };
    return batchNorm({ ...parameters, ...running }, prefix + name, value, { training: true }).value;
  };
  const first = tf.relu(norm('bn1', layer('layer1', x)));
  const second = tf.relu(norm('bn2', layer('layer2', first)));
  return layer('layer3', second);
}
