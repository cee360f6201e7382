import {
  describePlugin,
  isMedbenchError,
  MedbenchError,
  type Method,
  messageOf,
  type ObjectiveOutput,
  type TensorMap,
} from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { SPACE } from './layout.js';
import type { StepParts } from './step.js';

/** What a method made of a batch, checked. */
export interface CheckedOutput extends ObjectiveOutput {
  readonly updates: TensorMap;
}

const shown = (value: unknown): string =>
  value instanceof tf.Tensor
    ? `a tensor of shape [${value.shape.join(', ')}] (${value.dtype})`
    : value === null
      ? 'null'
      : typeof value;

/** The error for a method that breaks its contract: the class, its package, and what to change. */
export const methodFault = (method: Method, fault: string): MedbenchError =>
  new MedbenchError('plugin', `${describePlugin(method)}: ${fault}`);

/**
 * Calls a function of a method; what it throws by mistake is told with its class and package.
 * @throws MedbenchError('plugin').
 */
export function callMethod<T>(method: Method, name: 'represent' | 'objective', call: () => T): T {
  try {
    return call();
  } catch (cause) {
    // A backend knows the error of an operation that it lacks by its words.
    if (isMedbenchError(cause) || /^Kernel '/.test(messageOf(cause))) throw cause;
    throw new MedbenchError('plugin', `${describePlugin(method)}: ${name}() fails: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The check that a value is a scalar of floats. @throws MedbenchError('plugin'). */
function checkScalar(method: Method, name: string, value: unknown): void {
  if (value instanceof tf.Tensor && value.rank === 0 && value.dtype === 'float32') return;
  const remedy =
    value instanceof tf.Tensor && value.rank > 0
      ? 'reduce it, for example with tf.mean'
      : 'return a tf.Scalar of type float32';
  throw methodFault(method, `${name} is ${shown(value)}, not a scalar; ${remedy}`);
}

/**
 * The loss that a method computes from the representations of a batch, with its terms and new values of its buffers.
 * Looks at shapes only, so that it works while a program is recorded and costs a step nothing.
 * @throws MedbenchError('plugin') that names the class, its package and what to change, if the loss or a term is no scalar,
 *   or an update is that of no buffer.
 */
export function lossOf(
  { method, settings, layout }: Pick<StepParts, 'method' | 'settings' | 'layout'>,
  representations: TensorMap,
  parameters: TensorMap,
): CheckedOutput {
  const output: Partial<ObjectiveOutput> | null | undefined = callMethod(method, 'objective', () =>
    method.objective({ representations, parameters, settings }),
  );
  if (typeof output !== 'object' || output === null) {
    throw methodFault(method, `objective() returns ${shown(output)}; return { loss, terms }`);
  }
  const { loss, terms, updates = {} } = output;
  checkScalar(method, 'the loss', loss);
  if (typeof terms !== 'object' || terms === null) {
    throw methodFault(method, `objective() returns no terms; return { loss, terms: {} } if the loss has no parts`);
  }
  for (const [name, term] of Object.entries(terms)) checkScalar(method, `the term "${name}"`, term);
  for (const [name, value] of Object.entries(updates)) {
    const shape = layout.state[SPACE.buffer + name]?.shape;
    if (!shape) {
      throw methodFault(
        method,
        `objective() updates "${name}", which is no buffer; declare it in parameters() with buffer: true`,
      );
    }
    if (!(value instanceof tf.Tensor) || value.shape.join() !== shape.join()) {
      throw methodFault(
        method,
        `the new value of the buffer "${name}" is ${shown(value)}; its shape is [${shape.join(', ')}]`,
      );
    }
  }
  return { loss: loss!, terms, updates };
}

/**
 * Checks what a method represents a batch by.
 * @throws MedbenchError('plugin') if it is no record of tensors whose first axis is the batch.
 */
export function checkRepresentations(method: Method, representations: unknown, batch: number): void {
  if (typeof representations !== 'object' || representations === null) {
    throw methodFault(method, `represent() returns ${shown(representations)}; return tensors by name`);
  }
  for (const [name, value] of Object.entries(representations)) {
    if (value instanceof tf.Tensor && value.rank > 0 && value.shape[0] === batch) continue;
    throw methodFault(
      method,
      `the representation "${name}" is ${shown(value)} for a batch of ${batch}; its first axis must be the batch, ` +
        'and what looks at more than one example belongs into objective()',
    );
  }
}

/** @throws MedbenchError('plugin') where a loss depends on nothing that is trained. */
export function checkReached(method: Method, reached: readonly unknown[]): void {
  if (reached.length > 0) return;
  throw methodFault(method, 'the loss depends on no trainable parameter; compute it from the representations');
}
