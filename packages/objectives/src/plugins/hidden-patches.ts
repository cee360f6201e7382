import { type Batch, type DualEncoderModel, MedbenchError, type ParameterSpec, type TensorMap } from '@medbench/core';
import { block, blockParameters, linear, normal, patchCount, patchify, zeros } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

const PREFIX = 'masked.';
const HEAD = 64;

/** What the predictor says of a hidden patch. */
type Target = 'features' | 'pixels';

/** Parameters of the predictor: a token for what is hidden, positions, one block, a projection to what is predicted. */
export function predictorParameters(model: DualEncoderModel, target: Target): readonly ParameterSpec[] {
  const { width, patchSize } = model.image;
  const count = patchCount(model);
  const output = target === 'pixels' ? 3 * patchSize! ** 2 : width;
  return [
    { name: `${PREFIX}token`, shape: [width], init: normal(0.02) },
    { name: `${PREFIX}positional_embedding`, shape: [count, width], init: normal(0.02) },
    ...blockParameters(`${PREFIX}block.`, { width, layers: 1 }),
    { name: `${PREFIX}head.weight`, shape: [output, width], init: normal(width ** -0.5) },
    { name: `${PREFIX}head.bias`, shape: [output], init: zeros },
  ];
}

/** Rows scaled to mean 0 and variance 1, without gain. */
function standardised<T extends tf.Tensor>(x: T, epsilon: number): T {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))) as T;
}

/** Smooth L1, mean over the last axis: ½ d² up to 1, |d| − ½ beyond. */
function smoothL1(difference: tf.Tensor): tf.Tensor {
  const size = tf.abs(difference);
  const near = tf.minimum(size, 1);
  return tf.mean(tf.mul(near, tf.sub(size, tf.mul(near, 0.5))), -1);
}

export interface HiddenPatches {
  readonly model: DualEncoderModel;
  readonly parameters: TensorMap;
  /** Moving average of the parameters: its features are predicted; without it, pixels are. */
  readonly teacher: TensorMap | undefined;
  /** Has the input `order` `[B, P]`: the first `kept` patches are seen. */
  readonly batch: Batch;
  readonly kept: number;
}

/** What each example's hidden patches were missed by, mean over the patches, `[B]`. */
export function hiddenPatchLoss({ model, parameters, teacher, batch, kept }: HiddenPatches): tf.Tensor1D {
  const of = (name: string): tf.Tensor => parameters[PREFIX + name]!;
  const order = batch.inputs.order as tf.Tensor2D | undefined;
  if (!order) throw new MedbenchError('training', 'The order of the patches was not drawn');
  const [size, count] = order.shape;
  const { width, patchSize } = model.image;
  const seen = tf.slice(order, [0, 0], [size, kept]) as tf.Tensor2D;
  const visible = model.encodeImage(parameters, batch.images, { keptPatches: seen }).tokens;
  const hidden = count - kept;
  const tokens = tf.tile(tf.reshape(of('token'), [1, 1, width]), [size, hidden, 1]);
  // In the drawn order, for attention does not mind it: each token gets the position it belongs to.
  const places = tf.reshape(tf.gather(of('positional_embedding'), tf.reshape(order, [size * count])), [
    size,
    count,
    width,
  ]);
  const placed = tf.add(tf.concat([visible, tokens], 1), places) as tf.Tensor3D;
  const decoded = block(parameters, `${PREFIX}block.`, placed, { heads: Math.max(1, width / HEAD) });
  const guessed = linear(tf.slice(decoded, [0, kept, 0], [size, hidden, width]), of('head.weight'), of('head.bias'));
  const target = teacher
    ? standardised(model.encodeImage(teacher, batch.images, { training: false }).tokens, 1e-5)
    : standardised(patchify(batch.images, patchSize!), 1e-6);
  const rows = tf.add(order, tf.reshape(tf.range(0, size * count, count, 'int32'), [size, 1]));
  const wanted = tf.reshape(tf.slice(rows, [0, kept], [size, hidden]), [size * hidden]) as tf.Tensor1D;
  const length = target.shape[2];
  const truth = tf.reshape(tf.gather(tf.reshape(target, [size * count, length]), wanted), [size, hidden, length]);
  const difference = tf.sub(guessed, truth);
  const missed = teacher ? smoothL1(difference) : tf.mean(tf.square(difference), -1);
  return tf.mean(missed, 1) as tf.Tensor1D;
}
