import { MedbenchError } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Starts a registered TensorFlow.js backend and makes it the active one.
 * @returns its name, for {@link switchBackend}.
 */
export async function activateBackend(name: string): Promise<string> {
  if (!(await tf.setBackend(name)))
    throw new MedbenchError('backend', `TensorFlow.js could not start its backend ${name}`);
  return name;
}

/**
 * Makes a backend that was started before the active one, at once. TensorFlow.js has one active backend per process,
 * and sessions of several take turns, so this precedes each synchronous stretch of work: after an `await` the active
 * one may be another session's.
 */
export function switchBackend(name: string): void {
  // Of a backend that was started, it waits for nothing before it has switched.
  void tf.setBackend(name);
}
