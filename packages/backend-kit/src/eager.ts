// Programs compute gradients, which TensorFlow.js must have registered.
import '@medbench/objectives/gradients';
import type { HostTensor, HostTensors, Program, Session, TensorSpec } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { switchBackend } from './active.js';
import { type SharedState, SharedStates } from './shared-state.js';
import { ARRAY_TYPES, checkResult, checkTensors, expandLevels, pick, stateNames } from './tensors.js';

/** Options of `eagerSession`. */
export interface EagerOptions {
  /** Starts the TensorFlow.js backend to run on, if needed, and returns its name. Called before each use. */
  activate(): Promise<string>;
  /** Session whose state is shared, see `LoadOptions.share`. */
  readonly share?: Session | undefined;
}

const STATES = new SharedStates<tf.Tensor>();

function upload(tensor: HostTensor): tf.Tensor {
  const { data, shape, dtype } = expandLevels(tensor);
  return tf.tensor(data, [...shape], dtype);
}

function download(tensor: tf.Tensor): HostTensor {
  const dtype = tensor.dtype as TensorSpec['dtype'];
  const values = tensor.dataSync();
  // Copy the values: a backend may return its own memory, or another array type for booleans.
  return { shape: tensor.shape, dtype, data: ARRAY_TYPES[dtype].from(values) };
}

/**
 * Makes a session that runs a program op by op on a TensorFlow.js backend. The state is kept on that backend as
 * tensors.
 * @param initial initial state; ignored with `options.share`.
 * @throws MedbenchError if the state does not fit the program.
 */
export async function eagerSession(program: Program, initial: HostTensors, options: EagerOptions): Promise<Session> {
  if (!options.share) checkTensors(program, 'state', initial);
  switchBackend(await options.activate());
  let sharedState: SharedState<tf.Tensor>;
  if (options.share) sharedState = STATES.get(options.share, program);
  else {
    const names = Object.keys(program.state);
    sharedState = {
      entries: Object.fromEntries(names.map((name) => [name, tf.keep(upload(initial[name]!))])),
      users: 0,
    };
  }
  const state = sharedState.entries;
  let disposed = false;
  const assertNotDisposed = (): void => {
    if (disposed) throw new MedbenchError('backend', `The session of ${program.name} was disposed`);
  };

  const session: Session = {
    async step(inputs) {
      assertNotDisposed();
      checkTensors(program, 'inputs', inputs);
      switchBackend(await options.activate());
      const outputs: Record<string, HostTensor> = {};
      const next: Record<string, tf.Tensor> = {};
      tf.tidy(() => {
        const inputTensors: Record<string, tf.Tensor> = {};
        for (const name of Object.keys(program.inputs)) inputTensors[name] = upload(inputs[name]!);
        const result = program.run(pick(state, Object.keys(program.state)), inputTensors);
        checkResult(program, result);
        // A returned tensor may be an old state tensor or occur twice. A clone shares its values and is disposed apart.
        for (const [name, tensor] of Object.entries(result.state ?? {})) next[name] = tf.keep(tf.clone(tensor));
        for (const [name, tensor] of Object.entries(result.outputs)) outputs[name] = download(tensor);
      });
      for (const [name, tensor] of Object.entries(next)) {
        state[name]!.dispose();
        state[name] = tensor;
      }
      return outputs;
    },
    async readState(names) {
      assertNotDisposed();
      const entryNames = stateNames(program, names);
      switchBackend(await options.activate());
      return Object.fromEntries(entryNames.map((name) => [name, download(state[name]!)]));
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      if (--sharedState.users > 0) return;
      switchBackend(await options.activate());
      for (const tensor of Object.values(state)) tensor.dispose();
    },
  };
  STATES.join(session, sharedState);
  return session;
}
