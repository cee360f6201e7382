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

/** Width of the hidden layers for a tower of `width`, in SLIP's proportion of 4096 to 768. */
export const headWidth = (width: number): number => Math.round((width * 16) / 3);

function linearParameters(name: string, from: number, to: number): ParameterSpec[] {
  // The original uses PyTorch's default: uniform within ±1 / sqrt(fan in).
  const init = uniform(from ** -0.5);
  return [
    { name: `${name}.weight`, shape: [to, from], init },
    { name: `${name}.bias`, shape: [to], init },
  ];
}

/**
 * Parameters of `projectionHead`, named as SLIP's `image_mlp`. There are no running statistics: training uses the
 * batch's own statistics, and the head is discarded after training.
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

/** Batch norm by the statistics of `x` itself, in training and in evaluation. */
function batchOnly(parameters: TensorMap, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const width = x.shape[1];
  const running = { [`${name}.running_mean`]: tf.zeros([width]), [`${name}.running_var`]: tf.ones([width]) };
  return batchNorm({ ...parameters, ...running }, name, x, { training: true }).value;
}

const applyLinear = (parameters: TensorMap, name: string, x: tf.Tensor2D): tf.Tensor2D =>
  linear(x, parameters[`${name}.weight`]!, parameters[`${name}.bias`]!);

/**
 * The three-layer head of SLIP (arXiv:2112.12750, section 3.2): twice linear, batch norm and ReLU, then a linear layer.
 * The statistics are computed from `x`, so each call must get one view only.
 * @param x `[B, input]`. @returns `[B, output]`.
 */
export function projectionHead(parameters: TensorMap, prefix: string, x: tf.Tensor2D): tf.Tensor2D {
  const hidden = (i: number, value: tf.Tensor2D): tf.Tensor2D =>
    tf.relu(batchOnly(parameters, `${prefix}bn${i}`, applyLinear(parameters, `${prefix}layer${i}`, value)));
  return applyLinear(parameters, `${prefix}layer3`, hidden(2, hidden(1, x)));
}

/** Parameters of `predictionHead`. */
export function predictionParameters(prefix: string, { input, hidden, output }: HeadSizes): ParameterSpec[] {
  return [
    ...linearParameters(`${prefix}layer1`, input, hidden),
    ...batchNormParameters(`${prefix}bn1`, hidden).filter(({ buffer }) => !buffer),
    ...linearParameters(`${prefix}layer2`, hidden, output),
  ];
}

/**
 * The two-layer predictor of SimSiam (arXiv:2011.10566, section 3): linear, batch norm, ReLU, linear.
 * @param x `[B, input]`. @returns `[B, output]`.
 */
export function predictionHead(parameters: TensorMap, prefix: string, x: tf.Tensor2D): tf.Tensor2D {
  const hidden = tf.relu(batchOnly(parameters, `${prefix}bn1`, applyLinear(parameters, `${prefix}layer1`, x)));
  return applyLinear(parameters, `${prefix}layer2`, hidden);
}
