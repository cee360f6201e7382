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
import { compileProgram, type Devices } from './compile.js';
import { type DeviceRequest, openDevice } from './device.js';
import { programError } from './errors.js';
import { isDivided } from './hlo/sharding.js';
import { placeInput } from './levels.js';
import type { DeviceBuffer, Executable } from './pjrt/index.js';
import { PlacedTensor, placeTensor } from './placement.js';
import type { TracedProgram } from './trace.js';

const STATES = new SharedStates<PlacedTensor>();

/** The devices that hold the state of a session: programs on a state must run there. */
const DEVICES = new WeakMap<Session, Devices>();

/** The part of a recording that a session keeps. The text is left out, so that its memory is freed. */
type SessionRecording = Pick<TracedProgram, 'inputs' | 'outputs' | 'tracedBytes'>;

/** The inputs of a step on the devices, by their names in the recording. */
type PlacedInputs = ReadonlyMap<string, PlacedTensor>;

/** The inputs that were sent; none if that failed, which was reported. */
const settled = async (sent: Promise<PlacedInputs>): Promise<readonly PlacedTensor[]> =>
  sent.then(
    (placed) => [...placed.values()],
    () => [],
  );

const withoutPrefix = (name: string): string => name.slice(name.indexOf('/') + 1);

/**
 * A compiled program together with its state in the memory of one or several devices. A step donates the state that it
 * updates: the new values take the same memory. Several devices divide the rows of the inputs; each has the whole state,
 * and all compute the same new one.
 */
class XlaSession implements Session {
  readonly #check: FirstStepCheck;
  /** Inputs that are on the devices before their step. */
  readonly #sent = new Map<HostTensors, Promise<PlacedInputs>>();
  #disposed = false;

  constructor(
    private readonly program: Program,
    private readonly recording: SessionRecording,
    private readonly devices: Devices,
    private readonly executable: Executable,
    private readonly state: SharedState<PlacedTensor>,
    check: FirstStepCheck,
  ) {
    this.#check = check;
    STATES.join(this, state);
    DEVICES.set(this, devices);
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

  async send(inputs: HostTensors): Promise<void> {
    this.#assertAlive();
    checkTensors(this.program, 'inputs', inputs);
    const placed = this.#placeInputs(inputs);
    this.#sent.set(inputs, placed);
    try {
      await placed;
    } catch (error) {
      this.#sent.delete(inputs);
      throw programError(this.program, 'place the inputs of', error);
    }
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
    for (const sent of this.#sent.values()) for (const input of await settled(sent)) input.destroy();
    this.executable.destroy();
    if (--this.state.users > 0) return;
    for (const entry of Object.values(this.state.entries)) entry.destroy();
  }

  #assertAlive(): void {
    if (this.#disposed) throw new MedbenchError('backend', `The session of ${this.program.name} was disposed`);
  }

  /** Copies the inputs that the program uses to the devices. If that fails, nothing stays there. */
  async #placeInputs(inputs: HostTensors): Promise<PlacedInputs> {
    const { count } = this.devices;
    const placed = new Map<string, PlacedTensor>();
    try {
      for (const name of this.recording.inputs) {
        if (name.startsWith(NAME_PREFIXES.state)) continue;
        const entry = withoutPrefix(name);
        const divided = isDivided(this.program.inputs[entry]!, count);
        placed.set(name, await placeInput(this.devices, inputs[entry]!, divided));
      }
    } catch (error) {
      for (const input of placed.values()) input.destroy();
      throw error;
    }
    return placed;
  }

  async #run(inputs: HostTensors): Promise<HostTensors> {
    const { devices, executable, recording, state } = this;
    let placed: PlacedInputs = new Map();
    try {
      const sent = this.#sent.get(inputs);
      this.#sent.delete(inputs);
      placed = await (sent ?? this.#placeInputs(inputs));
      const args = recording.inputs.map((name) => placed.get(name) ?? state.entries[withoutPrefix(name)]!);
      const handles = Array.from({ length: devices.count }, (_, i) => args.map(({ parts }) => parts[i]!.handle));
      const { outputs, events } = await executable.start(handles);
      return await this.#takeOutputs(outputs, events);
    } catch (error) {
      throw programError(this.program, 'run', error);
    } finally {
      for (const input of placed.values()) input.destroy();
    }
  }

  /**
   * Keeps the new state, and copies the outputs of the first device to host memory. Waits once, for all of them.
   * @param handles outputs of each device. @param ends events of the program's end on each.
   */
  async #takeOutputs(handles: readonly (readonly bigint[])[], ends: readonly bigint[]): Promise<HostTensors> {
    const { client } = this.devices;
    const outputs: Record<string, HostTensor> = {};
    const temporary: DeviceBuffer[] = [];
    const events = [...ends];
    for (const [i, spec] of this.recording.outputs.entries()) {
      const entry = withoutPrefix(spec.name);
      const buffers = handles.map((list) => client.buffer(list[i]!, spec));
      if (spec.name.startsWith(NAME_PREFIXES.next)) {
        this.state.entries[entry]!.destroy();
        this.state.entries[entry] = new PlacedTensor(spec.shape, buffers);
        continue;
      }
      temporary.push(...buffers);
      const { tensor, event: read } = buffers[0]!.startRead();
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
 * Connects to the devices of a session: those of the state that it shares, or the first `count`.
 * @throws MedbenchError('backend') if there are fewer.
 */
async function devicesFor(request: DeviceRequest, { share, devices: count = 1 }: LoadOptions): Promise<Devices> {
  const known = share && DEVICES.get(share);
  if (known) return known;
  const client = await openDevice(request);
  if (client.deviceCount < count)
    throw new MedbenchError('backend', `${client.platform} has ${client.deviceCount} devices here, not ${count}`, {
      hint: `Set training.devices=${client.deviceCount} or less.`,
    });
  return { client, count };
}

/**
 * Largest relative differences from the eager reference. In bfloat16, first-step gradients of towers were 1 to 3 % off, and
 * up to 27 % where batch norms run over eight examples.
 */
const TOLERANCES: Readonly<Record<Precision, Tolerance>> = {
  float32: {},
  tf32: { scalars: 1e-2, tensors: 3e-2 },
  bfloat16: { scalars: 5e-2, tensors: 0.4 },
};

/** Copies an initial state to each device. If that fails, nothing stays there. */
async function placeState(
  { client, count }: Devices,
  program: Program,
  initial: HostTensors,
): Promise<SharedState<PlacedTensor>> {
  const entries: Record<string, PlacedTensor> = {};
  try {
    for (const name of Object.keys(program.state)) entries[name] = await placeTensor(client, initial[name]!, count);
  } catch (error) {
    for (const entry of Object.values(entries)) entry.destroy();
    throw programError(program, 'place the state of', error);
  }
  return { entries, users: 0 };
}

/**
 * Records and compiles a program and creates a session with its state on one or several devices.
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
  const devices = await devicesFor(device, options);
  const { traced, executable, cache } = await compileProgram(program, devices, options, device.threads);
  try {
    const state = shared ?? (await placeState(devices, program, initial));
    const { inputs, outputs, tracedBytes } = traced;
    const agreement = cache?.agreement(traced.model);
    const check = new FirstStepCheck({
      ...{ program, reference: wasmReference, tracedBytes, options, agreement },
      tolerance: TOLERANCES[options.precision ?? 'float32'],
    });
    return new XlaSession(program, { inputs, outputs, tracedBytes }, devices, executable, state, check);
  } catch (error) {
    executable.destroy();
    throw error;
  }
}
