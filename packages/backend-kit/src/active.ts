import { MedbenchError } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Starts a registered TensorFlow.js backend and makes it the active one.
 * @returns its name, for {@link switchBackend}.
 * @throws MedbenchError('backend') if TensorFlow.js cannot start it.
 */
export async function activateBackend(name: string): Promise<string> {
  if (!(await tf.setBackend(name)))
    throw new MedbenchError('backend', `TensorFlow.js could not start its backend ${name}`);
  return name;
}

/**
 * Makes an already started TensorFlow.js backend the active one, synchronously. TensorFlow.js has one active backend
 * per process, and sessions of several backends take turns. So call this before each synchronous stretch of work: after
 * an `await` another session's backend may be active.
 */
export function switchBackend(name: string): void {
  // For a backend that was already started, setBackend switches before it returns its promise.
  void tf.setBackend(name);
}
