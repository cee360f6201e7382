import type {
  Batch,
  DualEncoderModel,
  EncoderOutput,
  ForwardOptions,
  MethodInput,
  RepresentInput,
  ResolvedMethod,
  Settings,
  TensorMap,
  TensorSpec,
} from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { callPlugin, checkRepresentations } from '@medbench/core/methods';
import type * as tf from '@tensorflow/tfjs-core';
import { floatSpec } from './layout.js';

/** Prefix of a method's drawn inputs, among the inputs of a step. */
export const DRAWN = 'input/';

/** Specs of the inputs of a step, for a batch of `size`. */
export function inputSpecs(
  model: DualEncoderModel,
  drawn: Readonly<Record<string, MethodInput>>,
  size: number,
): Record<string, TensorSpec> {
  const { imageSize } = model.image;
  const specs: Record<string, TensorSpec> = {
    images: floatSpec([size, imageSize, imageSize, 3]),
    ids: { shape: [size, model.text.contextLength], dtype: 'int32' },
  };
  for (const [name, { shape, dtype }] of Object.entries(drawn))
    specs[DRAWN + name] = { shape: [size, ...shape], dtype };
  return specs;
}

/** Builds the batch from the inputs of a step. */
export function toBatch(inputs: TensorMap): Batch {
  const drawn = Object.entries(inputs).flatMap(([name, value]) =>
    name.startsWith(DRAWN) ? [[name.slice(DRAWN.length), value] as const] : [],
  );
  return {
    images: inputs.images as tf.Tensor4D,
    ids: inputs.ids as tf.Tensor2D,
    inputs: Object.fromEntries(drawn),
  };
}

/**
 * Wraps a model as a training step runs it: batch norms that are not frozen use the statistics of the batch, and their
 * new running statistics are collected in `updates`. A second pass through a tower starts from the running statistics
 * of the first, as it would in PyTorch.
 */
export function observeUpdates(
  model: DualEncoderModel,
  frozen: ReadonlySet<string>,
): { readonly model: DualEncoderModel; readonly updates: Record<string, tf.Tensor> } {
  const updates: Record<string, tf.Tensor> = {};
  const run = (encode: (parameters: TensorMap, options: ForwardOptions) => EncoderOutput, parameters: TensorMap) => {
    const output = encode({ ...parameters, ...updates }, { training: true, frozen });
    Object.assign(updates, output.updates);
    return output;
  };
  return {
    updates,
    model: {
      ...model,
      encodeImage: (parameters, images, options) =>
        run((values, mode) => model.encodeImage(values, images, { ...mode, ...options }), parameters),
      encodeText: (parameters, ids, options) =>
        run((values, mode) => model.encodeText(values, ids, { ...mode, ...options }), parameters),
    },
  };
}

export interface Represented {
  readonly representations: TensorMap;
  /** New running statistics of the batch norms. */
  readonly updates: TensorMap;
}

export interface RepresentOptions {
  /** Name of the row's step, for messages. */
  readonly name: string;
  readonly model: DualEncoderModel;
  readonly method: ResolvedMethod;
  readonly settings: Settings;
  readonly frozen: ReadonlySet<string>;
}

/** Represents a batch: runs the method's `represent`, which runs the towers. */
export function represent(
  { model, method, settings, frozen }: RepresentOptions,
  parameters: TensorMap,
  batch: Batch,
  teacher: TensorMap | undefined,
): Represented {
  const observed = observeUpdates(model, frozen);
  const input: RepresentInput = {
    model: observed.model,
    parameters,
    batch,
    settings,
    ...(teacher ? { teacher } : {}),
  };
  const representations = callPlugin(method.label, 'represent', () => method.represent(input));
  checkRepresentations(method.label, representations, batch.images.shape[0]);
  return { representations, updates: observed.updates };
}

/**
 * Represents a part of a batch, as `represent` does.
 * @throws MedbenchError('config') if the representations depend on the rest of the batch, because a tower trains batch
 *   norm.
 */
export function representPart(
  options: RepresentOptions,
  parameters: TensorMap,
  batch: Batch,
  teacher: TensorMap | undefined,
): Represented {
  const represented = represent(options, parameters, batch, teacher);
  if (Object.keys(represented.updates).length === 0) return represented;
  throw new MedbenchError(
    'config',
    `${options.name} cannot train in chunks: its image tower has batch norm, whose statistics would be those of a chunk`,
    { hint: 'Set training.chunkSize=null, or freeze the tower, which then uses its running statistics.' },
  );
}
