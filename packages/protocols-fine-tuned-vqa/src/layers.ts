import type { HostTensor, HostTensors, ParameterSpec, TensorMap } from '@medbench/core';
import { linear, uniform, zeros } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Suffixes of a weight-normed parameter, as PyTorch names them: direction and length. */
const DIRECTION = '_v';
const LENGTH = '_g';

/**
 * Parameters of W = g V / ‖V‖ with one length for the whole array (arXiv:1602.07868, PyTorch's `weight_norm` with
 * `dim=None`). `fillLengths` sets g, whose start depends on V.
 */
export const weightNormParameters = (
  name: string,
  shape: readonly number[],
  init: ParameterSpec['init'],
): ParameterSpec[] => [
  { name: name + DIRECTION, shape, init },
  { name: name + LENGTH, shape: [], init: zeros },
];

/** W = g V / ‖V‖. */
export function weightNormed(parameters: TensorMap, name: string): tf.Tensor {
  const direction = parameters[name + DIRECTION]!;
  const norm = tf.sqrt(tf.sum(tf.square(direction)));
  return tf.mul(direction, tf.div(parameters[name + LENGTH]!, norm));
}

/** Sets the length of every weight-normed parameter to that of its direction, so that W = V at first. */
export function fillLengths(values: HostTensors): HostTensors {
  const lengths = Object.keys(values)
    .filter((name) => name.endsWith(LENGTH) && name.slice(0, -LENGTH.length) + DIRECTION in values)
    .map((name) => [name, euclideanNorm(values[name.slice(0, -LENGTH.length) + DIRECTION]!)] as const);
  return { ...values, ...Object.fromEntries(lengths) };
}

function euclideanNorm({ data }: HostTensor): HostTensor {
  let sum = 0;
  for (const value of data) sum += value * value;
  return { shape: [], dtype: 'float32', data: Float32Array.of(Math.sqrt(sum)) };
}

/** Parameters of a linear layer with weight norm: weight `[out, in]` and bias, drawn as PyTorch's `Linear`. */
export const normedLinearParameters = (name: string, input: number, output: number): ParameterSpec[] => [
  ...weightNormParameters(`${name}.weight`, [output, input], uniform(input ** -0.5)),
  { name: `${name}.bias`, shape: [output], init: uniform(input ** -0.5) },
];

/** A linear layer with weight norm on the last axis. */
export const normedLinear = <T extends tf.Tensor>(parameters: TensorMap, name: string, x: T): T =>
  linear(x, weightNormed(parameters, `${name}.weight`), parameters[`${name}.bias`]!);

/** Multiplies by a mask of dropout, if there is one: 0 for what is dropped, 1 / (1 - p) for the rest. */
export const dropped = <T extends tf.Tensor>(x: T, mask: tf.Tensor | undefined): T => (mask ? tf.mul(x, mask) : x) as T;
