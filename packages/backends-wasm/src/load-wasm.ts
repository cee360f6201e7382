import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { activateBackend } from '@medbench/backend-kit';
import { MedbenchError } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { registerKernels } from './kernels.js';

let loading: Promise<string> | undefined;

async function load(): Promise<string> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  // The package of native TensorFlow also loads the plain JavaScript backend. Loading it twice only causes warnings.
  if (!tf.findBackendFactory('cpu')) await import('@tensorflow/tfjs-backend-cpu');
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(entry)}${sep}`);
  registerKernels();
  // Activating belongs to the part that runs once: of two concurrent starts, TensorFlow.js abandons the first.
  return activateBackend('wasm');
}

/**
 * Loads TensorFlow.js's WASM backend (once per process) and makes it the active backend.
 * @returns the name of the backend.
 * @throws MedbenchError if WebAssembly cannot be started here.
 */
export async function activateWasm(): Promise<string> {
  loading ??= load();
  try {
    await loading;
    return await activateBackend('wasm');
  } catch (cause) {
    throw new MedbenchError('backend', 'TensorFlow.js could not start its WebAssembly backend', { cause });
  }
}
