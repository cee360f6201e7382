import { eagerSession } from '@medbench/backend-kit';
import { errorMessage, type HostTensor, type HostTensors, MedbenchError, type Program } from '@medbench/core';

/** Largest accepted relative L2 differences from the eager reference. */
export interface Tolerance {
  /** Of single numbers, such as the loss. Default 1e-3; rounding in float32 causes about 1e-6. */
  readonly scalars?: number;
  /** Of other tensors. Default 1e-3. */
  readonly tensors?: number;
}

const TOLERANCE = 1e-3;
/** Root-mean-square difference that is accepted whatever the relative difference is. */
const NEGLIGIBLE = 1e-7;

/** The eager TensorFlow.js backend that compiled steps are compared with. */
export interface EagerReference {
  /** Name of the runtime in messages, such as `WebAssembly`. */
  readonly name: string;
  /** Starts the backend if needed and makes it the active one. @returns its name in TensorFlow.js. */
  activate(): Promise<string>;
  /** Largest number of bytes of tensors that a step may compute to fit the memory of the reference. */
  readonly largestBytes: number;
  /** Growth of the process's memory in an eager step, as a share of the bytes of all its tensors and views. Default 1. */
  readonly growth?: number;
}

/** Whether a program can be self-checked: it names tensors to compare, and its step fits the eager reference. */
export const canCheck = ({ selfCheck: names = [] }: Program, tracedBytes: number, reference: EagerReference): boolean =>
  names.length > 0 && tracedBytes <= reference.largestBytes;

/** Bytes that the self-check of a program's first step adds to the process; 0 if it is not checked. */
export const checkMemory = (
  program: Program,
  { tracedBytes, eagerBytes }: { readonly tracedBytes: number; readonly eagerBytes: number },
  reference: EagerReference,
): number => (canCheck(program, tracedBytes, reference) ? (reference.growth ?? 1) * eagerBytes : 0);

/** A compiled step to check. */
export interface SelfCheckRequest {
  readonly reference: EagerReference;
  readonly program: Program;
  /** State before the step. */
  readonly state: HostTensors;
  readonly inputs: HostTensors;
  /** State and outputs after the compiled step. */
  readonly compiled: { readonly state: HostTensors; readonly outputs: HostTensors };
  /** Number of bytes of all tensors that a step computes. */
  readonly tracedBytes: number;
  readonly tolerance?: Tolerance | undefined;
  readonly log: (message: string) => void;
}

/** Difference between a compiled and an eager tensor. */
export interface TensorDifference {
  /** L2 norm of the compiled tensor. */
  readonly compiled: number;
  /** L2 norm of the eager tensor. */
  readonly eager: number;
  /** L2 norm of the difference. */
  readonly distance: number;
  /** Distance relative to the larger of the two norms. */
  readonly relative: number;
  /** Whether the difference is within the tolerance. */
  readonly agrees: boolean;
}

/** Compares two tensors of the same shape in the L2 norm. */
export function compareTensors(
  compiled: HostTensor,
  eager: HostTensor,
  { scalars = TOLERANCE, tensors = TOLERANCE }: Tolerance = {},
): TensorDifference {
  let [compiledSquares, eagerSquares, differenceSquares] = [0, 0, 0];
  eager.data.forEach((eagerValue, i) => {
    const compiledValue = compiled.data[i] ?? Number.NaN;
    compiledSquares += compiledValue * compiledValue;
    eagerSquares += eagerValue * eagerValue;
    differenceSquares += (compiledValue - eagerValue) ** 2;
  });
  const distance = Math.sqrt(differenceSquares);
  const relative = distance === 0 ? 0 : distance / Math.max(Math.sqrt(compiledSquares), Math.sqrt(eagerSquares));
  const size = Math.max(1, eager.data.length);
  const agrees = relative <= (eager.data.length === 1 ? scalars : tensors) || distance / Math.sqrt(size) <= NEGLIGIBLE;
  return { compiled: Math.sqrt(compiledSquares), eager: Math.sqrt(eagerSquares), distance, relative, agrees };
}

const allFinite = ({ data }: HostTensor): boolean => data.every(Number.isFinite);

/**
 * Runs one step of a program on the eager reference and compares the tensors that `program.selfCheck` names with the
 * compiled step. A program that is too large for the reference is not checked, which is logged. If a tensor is not
 * finite on both backends, the check ends without an error.
 * @returns whether all named tensors were compared.
 * @throws MedbenchError with both figures if a tensor differs.
 */
export async function selfCheck(check: SelfCheckRequest): Promise<boolean> {
  const { reference, program, state, inputs, compiled, tracedBytes, log } = check;
  if (!canCheck(program, tracedBytes, reference)) {
    const gibibytes = (tracedBytes / 2 ** 30).toFixed(1);
    log(
      `${program.name}: not checked against the eager reference, ${gibibytes} GiB of tensors do not fit ${reference.name}`,
    );
    return false;
  }
  const started = performance.now();
  const eager = await eagerSession(program, state, { activate: () => reference.activate() });
  let worst = 0;
  try {
    const outputs = await eager.step(inputs).catch((error: unknown) => {
      throw new MedbenchError('backend', `${program.name}: the eager reference failed: ${errorMessage(error)}`, {
        hint: 'Load the program with selfCheck: false to run it without the check.',
        cause: error,
      });
    });
    const expectedState = await eager.readState(program.selfCheck!.filter((name) => name in program.state));
    for (const name of program.selfCheck!) {
      const expected = outputs[name] ?? expectedState[name];
      const actual = compiled.outputs[name] ?? compiled.state[name];
      if (!expected || !actual)
        throw new MedbenchError(
          'backend',
          `${program.name}: selfCheck names ${name}, which is no output or state entry`,
        );
      if (!allFinite(actual) && !allFinite(expected)) {
        // Tensors computed from this one say nothing about the kernels. The caller reports values that are not finite.
        log(`${program.name}: ${name} is not finite on either backend, so nothing more is compared`);
        return false;
      }
      const difference = compareTensors(actual, expected, check.tolerance);
      worst = Math.max(worst, difference.relative);
      if (difference.agrees) continue;
      const [compiledText, eagerText] =
        expected.data.length === 1
          ? [String(actual.data[0]), String(expected.data[0])]
          : [`norm ${difference.compiled}`, `norm ${difference.eager}`];
      throw new MedbenchError(
        'backend',
        `${program.name}: the compiled step disagrees with the eager reference in ${name}: ` +
          `${compiledText} compiled, ${eagerText} eager, relative difference ${difference.relative.toExponential(1)}`,
        { hint: 'Run with the backend wasm, and please report the program as an issue.' },
      );
    }
  } finally {
    await eager.dispose();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  log(
    `${program.name}: agrees with the eager reference in ${program.selfCheck!.length} tensors ` +
      `(largest relative difference ${worst.toExponential(1)}, ${seconds} s)`,
  );
  return true;
}
