import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveOutput } from '../contracts/method.js';
import type { TensorMap } from '../contracts/tensors.js';
import { errorMessage, isMedbenchError, MedbenchError } from '../errors.js';

const describeValue = (value: unknown): string =>
  value instanceof tf.Tensor
    ? `a tensor of shape [${value.shape.join(', ')}] (${value.dtype})`
    : value === null
      ? 'null'
      : typeof value;

/** The error for a plugin that breaks its contract. @param label as `describePlugin` calls it. @param fault what to change. */
export const pluginFault = (label: string, fault: string): MedbenchError =>
  new MedbenchError('plugin', `${label}: ${fault}`);

/**
 * Calls a function of a plugin; what it throws by mistake is told with its class and package.
 * @throws MedbenchError('plugin').
 */
export function callPlugin<T>(label: string, name: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    // A backend knows the error of an operation that it lacks by its words.
    if (isMedbenchError(cause) || /^Kernel '/.test(errorMessage(cause))) throw cause;
    throw new MedbenchError('plugin', `${label}: ${name}() fails: ${errorMessage(cause)}`, { cause });
  }
}

/** The check that a value is a scalar of floats. @throws MedbenchError('plugin'). */
function checkScalar(label: string, name: string, value: unknown): void {
  if (value instanceof tf.Tensor && value.rank === 0 && value.dtype === 'float32') return;
  const remedy =
    value instanceof tf.Tensor && value.rank > 0
      ? 'reduce it, for example with tf.mean'
      : 'return a tf.Scalar of type float32';
  throw pluginFault(label, `${name} is ${describeValue(value)}, not a scalar; ${remedy}`);
}

/**
 * What `objective` of a method or `loss` of an objective gives. It looks at shapes only, so that it works while a program
 * is recorded and costs a step nothing.
 * @param name the function, for messages.
 * @throws MedbenchError('plugin') that names the class, its package and what to change, if the loss or a term is no scalar.
 */
export function checkedOutput(label: string, name: 'objective' | 'loss', call: () => unknown): ObjectiveOutput {
  const output = callPlugin(label, name, call) as Partial<ObjectiveOutput> | null | undefined;
  if (typeof output !== 'object' || output === null || output instanceof tf.Tensor) {
    throw pluginFault(label, `${name}() returns ${describeValue(output)}; return { loss, terms }`);
  }
  // The loss of an objective is a term by itself.
  const { loss, terms = name === 'loss' ? {} : undefined, updates = {} } = output;
  checkScalar(label, 'the loss', loss);
  if (typeof terms !== 'object' || terms === null) {
    throw pluginFault(label, `${name}() returns no terms; return { loss, terms: {} } if the loss has no parts`);
  }
  for (const [term, value] of Object.entries(terms)) checkScalar(label, `the term "${term}"`, value);
  return { loss: loss!, terms, updates };
}

/**
 * Checks what a batch is represented by.
 * @throws MedbenchError('plugin') if it is no record of tensors whose first axis is the batch.
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
        'and what looks at more than one example belongs into objective()',
    );
  }
}

/** Checks the new value of a buffer. @param shape of the buffer; undefined if there is none of that name. */
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
