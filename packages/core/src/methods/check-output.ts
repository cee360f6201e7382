import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveOutput } from '../contracts/method.js';
import type { TensorMap } from '../contracts/tensors.js';
import { errorMessage, isMedbenchError, MedbenchError } from '../errors.js';

/** Describes a value in a message. */
const describeValue = (value: unknown): string =>
  value instanceof tf.Tensor
    ? `a tensor of shape [${value.shape.join(', ')}] (${value.dtype})`
    : value === null
      ? 'null'
      : typeof value;

/**
 * Makes the error for a plugin that breaks its contract.
 * @param label the plugin's name from `describePlugin`.
 * @param fault what is wrong and what to change.
 */
export const pluginFault = (label: string, fault: string): MedbenchError =>
  new MedbenchError('plugin', `${label}: ${fault}`);

/**
 * Calls a function of a plugin. An unexpected error is wrapped in one that names the class and package of the plugin.
 * @param name the function, for messages.
 * @throws MedbenchError('plugin') if the call throws.
 */
export function callPlugin<T>(label: string, name: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    // Backends recognise the error of a missing kernel by its message, so it must not be wrapped.
    if (isMedbenchError(cause) || /^Kernel '/.test(errorMessage(cause))) throw cause;
    throw new MedbenchError('plugin', `${label}: ${name}() fails: ${errorMessage(cause)}`, { cause });
  }
}

/** Checks that a value is a scalar of type float32. @throws MedbenchError('plugin') if it is not. */
function checkScalar(label: string, name: string, value: unknown): void {
  if (value instanceof tf.Tensor && value.rank === 0 && value.dtype === 'float32') return;
  const remedy =
    value instanceof tf.Tensor && value.rank > 0
      ? 'reduce it, for example with tf.mean'
      : 'return a tf.Scalar of type float32';
  throw pluginFault(label, `${name} is ${describeValue(value)}, not a scalar; ${remedy}`);
}

/**
 * Calls `objective` of a method or `loss` of an objective and checks its result. It looks at shapes only, so it works
 * while a program is recorded and adds no time to a step.
 * @param name the function, for messages.
 * @throws MedbenchError('plugin') naming the class, its package and what to change, if the loss or a term is not a
 *   scalar.
 */
export function checkedOutput(label: string, name: 'objective' | 'loss', call: () => unknown): ObjectiveOutput {
  const output = callPlugin(label, name, call) as Partial<ObjectiveOutput> | null | undefined;
  if (typeof output !== 'object' || output === null || output instanceof tf.Tensor) {
    throw pluginFault(label, `${name}() returns ${describeValue(output)}; return { loss, terms }`);
  }
  // The loss of an objective is logged as a term, so terms may be left out.
  const { loss, terms = name === 'loss' ? {} : undefined, updates = {} } = output;
  checkScalar(label, 'the loss', loss);
  if (typeof terms !== 'object' || terms === null) {
    throw pluginFault(label, `${name}() returns no terms; return { loss, terms: {} } if the loss has no parts`);
  }
  for (const [term, value] of Object.entries(terms)) checkScalar(label, `the term "${term}"`, value);
  return { loss: loss!, terms, updates };
}

/**
 * Checks the result of `represent`.
 * @throws MedbenchError('plugin') if it is not a record of tensors whose first axis is the batch.
 */
export function checkRepresentations(label: string, representations: unknown, batch: number): void {
  if (typeof representations !== 'object' || representations === null) {
    throw pluginFault(label, `represent() returns ${describeValue(representations)}; return tensors by name`);
  }
  for (const [name, value] of Object.entries(representations as TensorMap)) {
    if (value instanceof tf.Tensor && value.rank > 0 && value.shape[0] === batch) continue;
    throw pluginFault(
      label,
      `the representation "${name}" is ${describeValue(value)} for a batch of ${batch}; its first axis must be the batch, ` +
        'and code that looks at more than one example belongs in objective()',
    );
  }
}

/**
 * Checks the new value of a buffer.
 * @param shape shape of the buffer; undefined if there is no buffer of that name.
 * @throws MedbenchError('plugin') if the buffer does not exist or the value has another shape.
 */
export function checkUpdate(label: string, name: string, value: unknown, shape: readonly number[] | undefined): void {
  if (!shape) {
    throw pluginFault(
      label,
      `objective() updates "${name}", which is no buffer; declare it in parameters() with buffer: true`,
    );
  }
  if (!(value instanceof tf.Tensor) || value.shape.join() !== shape.join()) {
    throw pluginFault(
      label,
      `the new value of the buffer "${name}" is ${describeValue(value)}; its shape is [${shape.join(', ')}]`,
    );
  }
}
