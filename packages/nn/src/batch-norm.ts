import {
  type ForwardOptions,
  type Initializer,
  MedbenchError,
  type ParameterSpec,
  type TensorMap,
} from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { ones, zeros } from './parameters.js';

/** PyTorch's defaults, which CLIP uses. */
const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** Gain, bias and running statistics of a batch norm over `channels`, named as in PyTorch. */
export function batchNormParameters(name: string, channels: number, gain: Initializer = ones): ParameterSpec[] {
  const shape = [channels];
  return [
    { name: `${name}.weight`, shape, init: gain },
    { name: `${name}.bias`, shape, init: zeros },
    { name: `${name}.running_mean`, shape, init: zeros, buffer: true },
    { name: `${name}.running_var`, shape, init: ones, buffer: true },
  ];
}

/**
 * Batch norm by running statistics as a factor and a shift per channel, each `[C]`, which the layer before it can
 * absorb. Running statistics are used in evaluation, and if the gain is frozen. Undefined if the batch's own statistics
 * are used.
 */
export function batchNormAffine(
  parameters: TensorMap,
  name: string,
  { training, frozen }: ForwardOptions = {},
): { readonly factor: tf.Tensor; readonly shift: tf.Tensor } | undefined {
  if (training && !frozen?.has(`${name}.weight`)) return undefined;
  const parameter = (part: string): tf.Tensor => parameters[`${name}.${part}`]!;
  const factor = tf.mul(parameter('weight'), tf.rsqrt(tf.add(parameter('running_var'), EPSILON)));
  return { factor, shift: tf.sub(parameter('bias'), tf.mul(parameter('running_mean'), factor)) };
}

/**
 * Batch norm on the last axis (arXiv:1502.03167), eps 1e-5. In evaluation, and if the gain is frozen, it normalises by
 * the running statistics. In training, it normalises by the batch's mean and biased variance, and `updates` has the new
 * running statistics under their names: 0.9 times the old plus 0.1 times the batch's mean and unbiased variance, as in
 * PyTorch.
 * @param parameters has `<name>.weight`, `.bias`, `.running_mean`, `.running_var`, each `[C]`.
 * @param x `[..., C]`.
 * @returns `value` `[..., C]`, and `updates`.
 * @throws MedbenchError('config') for a batch with one value per channel, which has no variance.
 */
export function batchNorm<T extends tf.Tensor>(
  parameters: TensorMap,
  name: string,
  x: T,
  options: ForwardOptions = {},
): { readonly value: T; readonly updates: TensorMap } {
  const affine = batchNormAffine(parameters, name, options);
  if (affine) return { value: tf.add(tf.mul(x, affine.factor), affine.shift) as T, updates: {} };
  const parameter = (part: string): tf.Tensor => parameters[`${name}.${part}`]!;
  const flat = x.rank === 2 ? (x as tf.Tensor as tf.Tensor2D) : flattenRows(x);
  const rows = flat.shape[0];
  if (rows < 2) {
    throw new MedbenchError('config', `Batch norm ${name} has one value per channel, so the batch has no variance`, {
      hint: 'Use a larger batch, or freeze the layer.',
    });
  }
  const batch = statistics(flat);
  const value = normalise(flat, parameter('weight'), parameter('bias'), batch);
  const updateRunning = (running: tf.Tensor, batchValue: tf.Tensor): tf.Tensor =>
    tf.add(tf.mul(running, 1 - MOMENTUM), tf.mul(batchValue, MOMENTUM));
  return {
    value: (x.rank === 2 ? value : tf.reshape(value, x.shape)) as T,
    updates: {
      [`${name}.running_mean`]: updateRunning(parameter('running_mean'), batch.mean),
      [`${name}.running_var`]: updateRunning(parameter('running_var'), tf.mul(batch.variance, rows / (rows - 1))),
    },
  };
}

interface Statistics {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** `[..., C]` as `[N, C]`. */
const flattenRows = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, x.shape.at(-1)!]);

/** Mean over the rows of `[N, C]`. */
const meanOverRows = (x: tf.Tensor): tf.Tensor => tf.mul(tf.sum(x, 0), 1 / x.shape[0]!);

/**
 * Mean and biased variance over the rows of `[N, C]`. No gradient passes through them, because the gradient of
 * `normalise` includes it. They are a custom op, because otherwise the tape would keep every deviation from the mean in
 * memory.
 */
function statistics(x: tf.Tensor2D): Statistics {
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const input = args[0] as tf.Tensor2D;
    const mean = meanOverRows(input);
    const variance = meanOverRows(tf.square(tf.sub(input, mean)));
    return { value: tf.stack([mean, variance]), gradFunc: () => tf.zerosLike(input) };
  });
  const [mean, variance] = tf.unstack(op(x)) as [tf.Tensor1D, tf.Tensor1D];
  return { mean, variance };
}

/**
 * (x − mean) / σ · gain + bias, with an explicit gradient that includes the statistics. Automatic differentiation would
 * need twice as many passes. With x̂ the normalised rows, dx = gain / σ · (dy − mean(dy) − x̂ · mean(dy · x̂)).
 */
function normalise(x: tf.Tensor2D, gain: tf.Tensor, bias: tf.Tensor, { mean, variance }: Statistics): tf.Tensor2D {
  const share = 1 / x.shape[0];
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, scale, shift, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const inverse = tf.rsqrt(tf.add(variance, EPSILON));
    save([input, mean, inverse, scale]);
    return {
      value: tf.add(tf.mul(tf.sub(input, mean), tf.mul(inverse, scale)), shift),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [rows, centre, spread, factor] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const normed = tf.mul(tf.sub(rows, centre), spread);
        const dGain = tf.sum(tf.mul(dy, normed), 0);
        const dBias = tf.sum(dy, 0);
        const rest = tf.sub(tf.sub(dy, tf.mul(dBias, share)), tf.mul(normed, tf.mul(dGain, share)));
        return [tf.mul(rest, tf.mul(factor, spread)), dGain, dBias];
      },
    };
  });
  return op(x, gain, bias) as tf.Tensor2D;
}
