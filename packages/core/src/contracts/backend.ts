import type { HostTensors, TensorMap, TensorSpec } from './tensors.js';

/**
 * A pure function on TensorFlow.js ops with named state: the only thing that a backend runs.
 *
 * An eager backend executes `run`; a compiling backend records it on shapes alone. So `run` must not read values back,
 * draw random numbers or depend on anything that changes between calls. Pass such values through `inputs`.
 *
 * @example
 * ```ts
 * import type { Program } from '@medbench/core';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * // One step of gradient descent on the sum of squares.
 * const descent: Program = {
 *   name: 'descent',
 *   state: { w: { shape: [2], dtype: 'float32' } },
 *   inputs: { rate: { shape: [1], dtype: 'float32' } },
 *   run: ({ w }, { rate }) => {
 *     const gradient = tf.grad((x) => tf.sum(tf.square(x)))(w!);
 *     return { state: { w: tf.sub(w!, tf.mul(gradient, rate!)) }, outputs: { loss: tf.sum(tf.square(w!)) } };
 *   },
 * };
 * ```
 */
export interface Program {
  /** Name in messages and cache keys, for example `train:clip`. */
  readonly name: string;
  /** Tensors that persist between calls: parameters, optimizer moments, the step count. */
  readonly state: Readonly<Record<string, TensorSpec>>;
  /** Tensors that the caller passes at every call. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Computes one call. State entries that are missing from the returned state keep their value. */
  run(state: TensorMap, inputs: TensorMap): ProgramResult;
  /**
   * Outputs and state entries, by name, that a compiling backend checks against the eager reference at the first call.
   */
  readonly selfCheck?: readonly string[];
}

/** The tensors that one call of a program returns. */
export interface ProgramResult {
  /** New values of state entries. */
  readonly state?: TensorMap;
  readonly outputs: TensorMap;
}

/** A loaded program together with its state. Calls must not overlap, except those of `send`. */
export interface Session {
  /**
   * Runs the program once, keeps the new state and returns the outputs.
   * @throws MedbenchError if an input is missing or has another shape.
   */
  step(inputs: HostTensors): Promise<HostTensors>;
  /**
   * Copies the inputs of a later step to the device, also while another step runs. `step` with the same object then finds
   * them there. Their values must not change before that step has returned. A backend without a device of its own leaves
   * the method out.
   */
  send?(inputs: HostTensors): Promise<void>;
  /** Copies the named state entries (default: all) to host memory. The copies stay valid after further steps. */
  readState(names?: readonly string[]): Promise<HostTensors>;
  /** Frees the program, and the state unless another session shares it. */
  dispose(): Promise<void>;
}

/** Whether a backend works on this machine, and why. */
export interface BackendStatus {
  readonly available: boolean;
  /** Why the backend works or does not work here, in one sentence. */
  readonly reason: string;
  /** Command that makes the backend work, if one is known. */
  readonly remedy?: string;
  /** Whether the backend computes on a GPU. */
  readonly gpu?: boolean;
  /** Largest `LoadOptions.devices`. Default 1. */
  readonly devices?: number;
}

/** Arithmetic of matrix products and convolutions. */
export type Precision = 'float32' | 'tf32' | 'bfloat16';

/** Options of `Backend.load`. */
export interface LoadOptions {
  /**
   * A session of the same backend. The new session uses and updates that session's state instead of its own, so several
   * programs work on one set of parameters. State entries with the same name must have the same shape. The state is
   * freed when the last session that shares it is disposed.
   */
  readonly share?: Session;
  /**
   * Promises that the state never changes: neither this program nor a session that shares the state updates it. The
   * backend may then compile the state into the program as constants. Default false.
   */
  readonly fixed?: boolean;
  /** Folder in which a backend caches compiled programs between processes. Without it nothing is cached. */
  readonly cache?: string;
  /**
   * Number of threads that the session may compute on, for a backend that can choose. Another number may round sums
   * differently. Default: the backend's.
   */
  readonly threads?: number;
  /**
   * Arithmetic of matrix products and convolutions, for a backend that can choose. `float32`: full, the default. `tf32`:
   * float32 whose factors a GPU rounds to 10 bits. `bfloat16`: products with weights, and what follows from them, in
   * bfloat16; state, sums, norms, exponentials and the loss in float32.
   */
  readonly precision?: Precision;
  /**
   * Number of devices that divide the rows of the inputs, for a backend that has several (`BackendStatus.devices`). Each
   * has the whole state. The result is that of one device, up to rounding. An input whose first axis is no multiple of the
   * number is whole on each. A session that shares a state computes on the devices of that state. Default 1.
   */
  readonly devices?: number;
  /** Whether a compiling backend runs the self-check of the first step. Default true. */
  readonly selfCheck?: boolean;
  /** Receives one line per event: what was compiled, how long it took, what the self-check found. */
  readonly log?: (message: string) => void;
}

/** Options of `Backend.estimate`. They change what a compiler makes of a program. */
export type EstimateOptions = Pick<LoadOptions, 'precision' | 'devices' | 'threads' | 'cache' | 'log'>;

/**
 * Memory that a program needs, estimated from its shapes. All figures are in bytes: of the process, or on a backend that
 * has `deviceMemory`, of each device.
 */
export interface ProgramMemory {
  /**
   * Peak memory that a session adds to the process, including the state that the session updates. Add up the figures of
   * all sessions of one process.
   */
  readonly bytes: number;
  /** Garbage from earlier runs, part of `bytes`. Sessions that take turns share it: count the maximum, not the sum. */
  readonly garbageBytes: number;
  /** Memory of the state beyond `bytes`. Count it once for sessions that share a state. */
  readonly stateBytes: number;
  /** Memory of the process itself with the backend loaded, whatever it runs. */
  readonly baseBytes: number;
  /**
   * Memory that the self-check of the first step adds, and that stays with the process. Count the maximum of all
   * sessions of one process, not the sum. 0 if no self-check runs.
   */
  readonly checkBytes: number;
  /** Shapes and element types of the program's outputs. */
  readonly outputs: Readonly<Record<string, TensorSpec>>;
}

/** Tells another thread how to get a backend: it imports a module and takes one of its exports. */
export interface BackendModule {
  /** Absolute URL of a module that Node can import, such as `import.meta.url` in the backend's own module. */
  readonly url: string;
  /** Name of the exported class, whose constructor takes no arguments. */
  readonly export: string;
}

/** Runs programs. Code outside the `backends-*` packages does not depend on which backend is in use. */
export interface Backend {
  readonly id: string;
  /**
   * How another thread gets this backend. Such a thread loads its sessions with one thread each. Without it, everything
   * is computed on the calling thread.
   */
  readonly module?: BackendModule;
  /** Values of `LoadOptions.precision` that the backend follows. Default: `float32` alone. */
  readonly precisions?: readonly Precision[];
  /**
   * Whether the backend sends bytes with `levels` (`HostTensor`) to its device as they are, and looks the values up there.
   * Default false: inputs are floats.
   */
  readonly takesLevels?: boolean;
  /** Finds out whether the backend works on this machine. */
  status(): Promise<BackendStatus>;
  /**
   * Loads a program with its initial state.
   * @throws MedbenchError naming the op and the reason if it cannot run here.
   */
  load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session>;
  /**
   * Estimates the memory that a program needs, without running it. A backend that cannot tell leaves the method out.
   */
  estimate?(program: Program, options?: EstimateOptions): Promise<ProgramMemory>;
  /**
   * Bytes that programs may take on each device. A backend whose programs take the memory of the process leaves the method
   * out.
   */
  deviceMemory?(): Promise<number>;
  /**
   * Finds a device for which the backend can compile, whether this machine has one or not.
   * @param name short name such as `h100`, or the device's own.
   * @throws MedbenchError if nothing can compile for it, or ('usage') with the known names if there is none of that name.
   */
  forDevice?(name: string): Promise<TargetDevice>;
}

/** A device for which programs can be compiled without having one, to plan for it. */
export interface TargetDevice extends Required<Pick<Backend, 'id' | 'precisions' | 'estimate' | 'deviceMemory'>> {
  /** Its name, such as `NVIDIA H100 80GB HBM3`. */
  readonly title: string;
}

/** Info that `@Backend` attaches to a class. */
export interface BackendInfo {
  readonly id: string;
  readonly title: string;
  /** Order in which `auto` tries backends: GPU backends first, then lower numbers first. */
  readonly priority: number;
}
