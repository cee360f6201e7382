import type { HostTensors, LoadOptions, Program } from '@medbench/core';
import { canCheck, type EagerReference, selfCheck, type Tolerance } from './self-check.js';

/** Whether a program has agreed with the eager reference on this machine. */
export interface Agreement {
  known(): Promise<boolean>;
  record(): Promise<void>;
}

/** Options of `FirstStepCheck`. */
export interface FirstStepOptions {
  readonly program: Program;
  readonly reference: EagerReference;
  /** Number of bytes of all tensors that a step computes. */
  readonly tracedBytes: number;
  readonly options: Pick<LoadOptions, 'selfCheck' | 'log'>;
  readonly tolerance?: Tolerance;
  /** Without it the check is done in every process. */
  readonly agreement: Agreement | undefined;
}

/** One session's self-check: its first step is compared with the eager reference, unless that was done before. */
export class FirstStepCheck {
  #pending: boolean;

  constructor(private readonly given: FirstStepOptions) {
    this.#pending = given.options.selfCheck !== false && (given.program.selfCheck?.length ?? 0) > 0;
  }

  /**
   * Runs one step and, if it is the first, checks it.
   * @param run runs the compiled step.
   * @param hostState copies the whole state to host memory. It is called before and after a step that is checked.
   * @returns the outputs of `run`.
   * @throws MedbenchError as `selfCheck`.
   */
  async step(
    inputs: HostTensors,
    run: () => Promise<HostTensors>,
    hostState: () => HostTensors | Promise<HostTensors>,
  ): Promise<HostTensors> {
    const { program, reference, tracedBytes, tolerance, agreement } = this.given;
    const log = this.given.options.log ?? (() => {});
    if (this.#pending && (await agreement?.known())) {
      this.#pending = false;
      log(`${program.name}: the same graph has agreed with the eager reference here before`);
    }
    if (!this.#pending) return run();
    // Nothing is copied for a step that will not be compared.
    const read = canCheck(program, tracedBytes, reference) ? hostState : () => ({});
    const state = await read();
    const outputs = await run();
    this.#pending = false;
    const compiled = { state: await read(), outputs };
    if (await selfCheck({ reference, program, state, inputs, compiled, tracedBytes, tolerance, log }))
      await agreement?.record();
    return outputs;
  }
}
