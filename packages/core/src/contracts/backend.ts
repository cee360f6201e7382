import type { HostTensors, TensorMap, TensorSpec } from './tensors.js';

/**
 * A pure function on TensorFlow.js ops with named state: the only thing that a backend is asked to run.
 *
 * `run` may be executed (eager backends) or recorded on shapes alone (compiling backends). So it must not read a value
 * back, must not draw random numbers, and must not depend on anything that changes between calls: all of that comes in
 * through `inputs`.
 */
export interface Program {
  /** For messages and cache keys, for example `train:clip`. */
  readonly name: string;
  /** What persists between calls: parameters, optimizer moments, the step count. */
  readonly state: Readonly<Record<string, TensorSpec>>;
  /** What is given anew at each call. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Entries of `state` left out of the returned state keep their value. */
  run(state: TensorMap, inputs: TensorMap): ProgramResult;
  /** Names of outputs and state entries that a compiling backend compares with the eager reference at the first call. */
  readonly selfCheck?: readonly string[];
}

export interface ProgramResult {
  readonly state?: TensorMap;
  readonly outputs: TensorMap;
}

/** A loaded program together with its state. Calls must not overlap. */
export interface Session {
  /** Runs the program once and keeps the new state. @throws MedbenchError if an input is missing or of another shape. */
  step(inputs: HostTensors): Promise<HostTensors>;
  /** Copies state out, all of it or the entries named. The copies stay valid after further steps. */
  readState(names?: readonly string[]): Promise<HostTensors>;
  dispose(): Promise<void>;
}

export interface BackendStatus {
  readonly available: boolean;
  /** Why it does or does not work here, one sentence. */
  readonly reason: string;
  /** What to type to make it work, where that is known. */
  readonly remedy?: string;
  /** Whether it computes on a GPU. */
  readonly gpu?: boolean;
}

export interface LoadOptions {
  /**
   * A session of the same backend whose state this one uses and updates, in place of a state of its own: several programs
   * then work on one set of parameters. The programs' entries of one name must agree in shape. Disposing of one leaves
   * the state to the others.
   */
  readonly share?: Session;
  /**
   * The state stays as it is: the program does not change it, and no session that does shares it. A backend may build it
   * into what it makes of the program. Default false.
   */
  readonly fixed?: boolean;
  /** Folder for what a backend keeps from one process to the next; nothing is kept without one. */
  readonly cache?: string;
  /** Compare the first step with the eager reference (compiling backends). Default true. */
  readonly selfCheck?: boolean;
  /** Receives one line per noteworthy event: what was compiled, how long it took, what the self-check found. */
  readonly log?: (message: string) => void;
}

/** The memory that a program will take, worked out from its shapes. */
export interface ProgramMemory {
  /** What its session adds to the process at its peak, state that it updates included. Sessions of one process add up. */
  readonly bytes: number;
  /** What of that are results of earlier runs that wait to be collected: the most of all sessions that run in turn. */
  readonly garbageBytes: number;
  /** What its state takes beyond that; once, where sessions share it. */
  readonly stateBytes: number;
  /** The process itself with the backend at work, whatever it runs. */
  readonly baseBytes: number;
  /**
   * What comparing the first step with the eager reference adds, and leaves with the process: the most of all sessions of
   * one process. 0 where nothing is compared.
   */
  readonly checkBytes: number;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
}

/** How programs are run. Nothing above `backends-*` knows which one it is. */
export interface Backend {
  readonly id: string;
  status(): Promise<BackendStatus>;
  /** @throws MedbenchError if the program cannot run here, naming the op and the reason. */
  load(program: Program, state: HostTensors, options?: LoadOptions): Promise<Session>;
  /** What a program that is loaded and run would take; nothing is executed. Left out where that is not known. */
  estimate?(program: Program): Promise<ProgramMemory>;
}

export interface BackendInfo {
  readonly id: string;
  readonly title: string;
  /** Order in which `auto` tries: a GPU backend first, then the lower number. */
  readonly priority: number;
}
