import { checkTensors, type SharedState, SharedStates, stateNames } from '@medbench/backend-kit';
import { FirstStepCheck, NAME_PREFIXES, type Tolerance } from '@medbench/backend-trace';
import { wasmReference } from '@medbench/backends-wasm';
import {
  type HostTensor,
  type HostTensors,
  type LoadOptions,
  MedbenchError,
  type Precision,
  type Program,
  type Session,
} from '@medbench/core';
import { type DeviceRequest, openDevice } from './device.js';
import { programError } from './errors.js';
import { compileCached, executableCache } from './executable-cache.js';
import type { Client, CompileOptions, DeviceBuffer, Executable } from './pjrt/index.js';
import { type TracedProgram, traceProgram } from './trace.js';

const STATES = new SharedStates<DeviceBuffer>();
/** The client that holds the state of a session: programs on a state must run there. */
const CLIENTS = new WeakMap<Session, Client>();

/** The part of a recording that a session keeps. The text is left out, so that its memory is freed. */
type SessionRecording = Pick<TracedProgram, 'inputs' | 'outputs' | 'tracedBytes'>;

const withoutPrefix = (name: string): string => name.slice(name.indexOf('/') + 1);

/**
 * A compiled program together with its state in the memory of a device. A step donates the state that it updates: the
 * new values take the same memory.
 */
class XlaSession implements Session {
  readonly #check: FirstStepCheck;
  #disposed = false;

  constructor(
    private readonly program: Program,
    private readonly recording: SessionRecording,
    private readonly client: Client,
    private readonly executable: Executable,
    private readonly state: SharedState<DeviceBuffer>,
    check: FirstStepCheck,
  ) {
    this.#check = check;
    STATES.join(this, state);
    CLIENTS.set(this, client);
  }

  async step(inputs: HostTensors): Promise<HostTensors> {
    this.#assertAlive();
    checkTensors(this.program, 'inputs', inputs);
    return this.#check.step(
      inputs,
      () => this.#run(inputs),
      () => this.readState(),
    );
  }

  async readState(names?: readonly string[]): Promise<HostTensors> {
    this.#assertAlive();
    const state: Record<string, HostTensor> = {};
    try {
      // In turn: the calls on other threads are limited, and a model has more entries.
      for (const name of stateNames(this.program, names)) state[name] = await this.state.entries[name]!.read();
    } catch (error) {
      throw programError(this.program, 'read the state of', error);
    }
    return state;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.executable.destroy();
    if (--this.state.users > 0) return;
    for (const buffer of Object.values(this.state.entries)) buffer.destroy();
  }

  #assertAlive(): void {
    if (this.#disposed) throw new MedbenchError('backend', `The session of ${this.program.name} was disposed`);
  }

  async #run(inputs: HostTensors): Promise<HostTensors> {
    const { client, executable, recording, state } = this;
    const sent: DeviceBuffer[] = [];
    try {
      const args: bigint[] = [];
      for (const name of recording.inputs) {
        const entry = withoutPrefix(name);
        if (!name.startsWith(NAME_PREFIXES.state)) sent.push(await client.put(inputs[entry]!));
        args.push(name.startsWith(NAME_PREFIXES.state) ? state.entries[entry]!.handle : sent.at(-1)!.handle);
      }
      const { outputs, event } = await executable.start(args);
      return await this.#takeOutputs(outputs, event);
    } catch (error) {
      throw programError(this.program, 'run', error);
    } finally {
      for (const buffer of sent) buffer.destroy();
    }
  }

  /** Keeps the new state, and copies the outputs to host memory. Waits once, for all of them. */
  async #takeOutputs(handles: readonly bigint[], event: bigint): Promise<HostTensors> {
    const { client, recording, state } = this;
    const outputs: Record<string, HostTensor> = {};
    const temporary: DeviceBuffer[] = [];
    const events = [event];
    for (const [i, spec] of recording.outputs.entries()) {
      const entry = withoutPrefix(spec.name);
      const buffer = client.buffer(handles[i]!, spec);
      if (spec.name.startsWith(NAME_PREFIXES.next)) {
        state.entries[entry]!.destroy();
        state.entries[entry] = buffer;
        continue;
      }
      temporary.push(buffer);
      const { tensor, event: read } = buffer.startRead();
      outputs[entry] = tensor;
      events.push(read);
    }
    try {
      await client.plugin.settle(events);
    } finally {
      for (const buffer of temporary) buffer.destroy();
    }
    return outputs;
  }
}

/**
 * Options of a compilation. On a GPU, additions to the same element would otherwise happen in any order, and a resumed
 * training would differ from one without interruption.
 */
const optionsFor = ({ platform }: Client): CompileOptions =>
  platform === 'cuda' ? { flags: { xla_gpu_exclude_nondeterministic_ops: true } } : {};

/**
 * Largest relative differences from the eager reference. In bfloat16, first-step gradients of towers were 1 to 3 % off, and
 * up to 27 % where batch norms run over eight examples.
 */
const TOLERANCES: Readonly<Record<Precision, Tolerance>> = {
  float32: {},
  tf32: { scalars: 1e-2, tensors: 3e-2 },
  bfloat16: { scalars: 5e-2, tensors: 0.4 },
};

/** Copies an initial state to the device. If that fails, nothing stays there. */
async function placeState(client: Client, program: Program, initial: HostTensors): Promise<SharedState<DeviceBuffer>> {
  const entries: Record<string, DeviceBuffer> = {};
  try {
    for (const name of Object.keys(program.state)) entries[name] = await client.put(initial[name]!);
  } catch (error) {
    for (const buffer of Object.values(entries)) buffer.destroy();
    throw programError(program, 'place the state of', error);
  }
  return { entries, users: 0 };
}

/**
 * Records and compiles a program and creates a session with its state on a device.
 * @throws MedbenchError if the program cannot be recorded, the state does not fit, or the device refuses it.
 */
export async function xlaSession(
  program: Program,
  initial: HostTensors,
  options: LoadOptions,
  device: DeviceRequest,
): Promise<Session> {
  if (!options.share) checkTensors(program, 'state', initial);
  // Looked up first: a session that cannot be shared is an error, whatever the device says.
  const shared = options.share && STATES.get(options.share, program);
  const client = (options.share && CLIENTS.get(options.share)) ?? (await openDevice(device));
  const started = performance.now();
  const compileOptions = optionsFor(client);
  const cache =
    options.cache === undefined
      ? undefined
      : executableCache(options.cache, client, compileOptions, device.threads, options.log);
  const { precision } = options;
  const traced = await traceProgram(program, { precision, recordedBefore: cache && ((model) => cache.has(model)) });
  const recorded = performance.now();
  const { executable, cached } = await compileCached(client, traced, compileOptions, cache).catch((error: unknown) => {
    throw programError(program, 'compile', error);
  });
  const compiled = performance.now();
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  options.log?.(
    `${program.name}: recorded ${traced.operationCount} operations in ${seconds(recorded - started)}, ` +
      `${cached ? 'loaded' : 'compiled'} in ${seconds(compiled - recorded)}`,
  );
  try {
    const state = shared ?? (await placeState(client, program, initial));
    const { inputs, outputs, tracedBytes } = traced;
    const agreement = cache?.agreement(traced.model);
    const check = new FirstStepCheck({
      ...{ program, reference: wasmReference, tracedBytes, options, agreement },
      tolerance: TOLERANCES[precision ?? 'float32'],
    });
    return new XlaSession(program, { inputs, outputs, tracedBytes }, client, executable, state, check);
  } catch (error) {
    executable.destroy();
    throw error;
  }
}
