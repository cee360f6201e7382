import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { MedbenchError } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { activateBackend } from './eager.js';
import { mendKernels } from './kernels.js';

let loading: Promise<void> | undefined;

async function load(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  // Native TensorFlow's package brings it along; loading it twice only makes noise.
  if (!tf.findBackendFactory('cpu')) await import('@tensorflow/tfjs-backend-cpu');
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(entry)}${sep}`);
  mendKernels();
}

/**
 * Loads TensorFlow.js's WASM backend (once per process) and makes it the active one.
 * @throws MedbenchError if WebAssembly cannot be started here.
 */
export async function activateWasm(): Promise<void> {
  loading ??= load();
  try {
    await loading;
    await activateBackend('wasm');
  } catch (cause) {
    throw new MedbenchError('backend', 'TensorFlow.js could not start its WebAssembly backend', { cause });
  }
}
