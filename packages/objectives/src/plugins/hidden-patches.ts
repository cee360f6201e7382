import { type Batch, type DualEncoderModel, MedbenchError, type ParameterSpec, type TensorMap } from '@medbench/core';
import { block, blockParameters, linear, normal, patchCount, patchify, zeros } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

const PREFIX = 'masked.';
/** Width of an attention head. */
const HEAD = 64;

/** The properties of a hidden patch that the predictor predicts. */
type PredictionTarget = 'features' | 'pixels';

/** Parameters of the predictor: a token for hidden patches, positions, one block, a projection to the target. */
export function predictorParameters(model: DualEncoderModel, target: PredictionTarget): readonly ParameterSpec[] {
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

/** Rows (last axis) scaled to mean 0 and variance 1, without gain. */
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

export interface HiddenPatchInput {
  readonly model: DualEncoderModel;
  readonly parameters: TensorMap;
  /** EMA teacher, whose features are predicted. Without it, pixels are predicted. */
  readonly teacher: TensorMap | undefined;
  /** Has the input `order` `[B, P]`: the first `kept` patches are visible. */
  readonly batch: Batch;
  readonly kept: number;
}

/** The prediction error of each example's hidden patches, mean over these patches, `[B]`. */
export function hiddenPatchLoss({ model, parameters, teacher, batch, kept }: HiddenPatchInput): tf.Tensor1D {
  const parameter = (name: string): tf.Tensor => parameters[PREFIX + name]!;
  const order = batch.inputs.order as tf.Tensor2D | undefined;
  if (!order) throw new MedbenchError('training', 'The order of the patches was not drawn');
  const [size, count] = order.shape;
  const { width, patchSize } = model.image;
  const visibleIndices = tf.slice(order, [0, 0], [size, kept]) as tf.Tensor2D;
  const visibleTokens = model.encodeImage(parameters, batch.images, { keptPatches: visibleIndices }).tokens;
  const hiddenCount = count - kept;
  const tokens = tf.tile(tf.reshape(parameter('token'), [1, 1, width]), [size, hiddenCount, 1]);
  // Tokens stay in the drawn order, which attention ignores: each token gets the position embedding of its patch.
  const positions = tf.reshape(tf.gather(parameter('positional_embedding'), tf.reshape(order, [size * count])), [
    size,
    count,
    width,
  ]);
  const placed = tf.add(tf.concat([visibleTokens, tokens], 1), positions) as tf.Tensor3D;
  const decoded = block(parameters, `${PREFIX}block.`, placed, { heads: Math.max(1, width / HEAD) });
  const predicted = linear(
    tf.slice(decoded, [0, kept, 0], [size, hiddenCount, width]),
    parameter('head.weight'),
    parameter('head.bias'),
  );
  const target = teacher
    ? standardised(model.encodeImage(teacher, batch.images, { training: false }).tokens, 1e-5)
    : standardised(patchify(batch.images, patchSize!), 1e-6);
  const rows = tf.add(order, tf.reshape(tf.range(0, size * count, count, 'int32'), [size, 1]));
  const hiddenRows = tf.reshape(tf.slice(rows, [0, kept], [size, hiddenCount]), [size * hiddenCount]) as tf.Tensor1D;
  const length = target.shape[2];
  const targets = tf.reshape(tf.gather(tf.reshape(target, [size * count, length]), hiddenRows), [
    size,
    hiddenCount,
    length,
  ]);
  const difference = tf.sub(predicted, targets);
  const errors = teacher ? smoothL1(difference) : tf.mean(tf.square(difference), -1);
  return tf.mean(errors, 1) as tf.Tensor1D;
}
