import * as tf from '@tensorflow/tfjs-core';
import { linear } from './layers.js';

/**
 * Cuts images `[B, H, W, C]` into patches `[B, P, p * p * C]`, in row-major order, each flattened as (row, column,
 * channel). No intermediate tensor has a rank above 4, because backends transpose higher ranks slowly.
 */
export function patchify(images: tf.Tensor4D, patch: number): tf.Tensor3D {
  const [batch, height, width, channels] = images.shape;
  const rows = height / patch;
  const cols = width / patch;
  const strips = tf.reshape(images, [batch * rows, patch, cols, patch * channels]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, rows * cols, patch * patch * channels]);
}

/** Reshapes a convolution `[W, C, p, p]` to the matrix `[W, p * p * C]` that multiplies `patchify`'s rows. */
export function patchMatrix(convolution: tf.Tensor): tf.Tensor2D {
  const [width, channels, height, cols] = convolution.shape as [number, number, number, number];
  const flat = tf.reshape(convolution, [width, channels, height * cols]);
  return tf.reshape(tf.transpose(flat, [0, 2, 1]), [width, height * cols * channels]);
}

/**
 * A convolution whose stride is the side of its filter, as one matrix product.
 * @param images `[B, H, W, C]`, where the stride divides H and W. @param weight `[out, C, p, p]`. @param bias `[out]`.
 * @returns `[B, H / p, W / p, out]`.
 */
export function patchConvolution(images: tf.Tensor4D, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor4D {
  const [batch, height, width] = images.shape;
  const [out, , side] = weight.shape as [number, number, number, number];
  const patches = linear(patchify(images, side), patchMatrix(weight), bias);
  return tf.reshape(patches, [batch, height / side, width / side, out]);
}
