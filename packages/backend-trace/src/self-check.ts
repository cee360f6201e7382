import { eagerSession } from '@medbench/backend-kit';
import { errorMessage, type HostTensor, type HostTensors, MedbenchError, type Program } from '@medbench/core';

/** Largest relative L2 difference from the eager reference; rounding differs by about 1e-6. */
const TOLERANCE = 1e-3;
/** Root-mean-square difference that is nothing, whatever it is relative to. */
const NEGLIGIBLE = 1e-7;

/** The eager TensorFlow.js backend that compiled steps are compared with. */
export interface EagerReference {
  /** Where it computes, for messages, such as `WebAssembly`. */
  readonly name: string;
  /** Starts it if need be and makes it the active one. @returns its name in TensorFlow.js. */
  activate(): Promise<string>;
  /** Programs that compute more bytes of tensors in a step do not fit its memory. */
  readonly largestBytes: number;
}

/** Whether a program's first step is compared with the eager one where that is not switched off. */
export const canCheck = ({ selfCheck: names = [] }: Program, tracedBytes: number, reference: EagerReference): boolean =>
  names.length > 0 && tracedBytes <= reference.largestBytes;

export interface SelfCheckRequest {
  readonly reference: EagerReference;
  readonly program: Program;
  /** Before the step. */
  readonly state: HostTensors;
  readonly inputs: HostTensors;
  /** What the compiled step made of them. */
  readonly compiled: { readonly state: HostTensors; readonly outputs: HostTensors };
  /** Bytes of all tensors computed in a step. */
  readonly tracedBytes: number;
  readonly log: (message: string) => void;
}

/** How far apart two tensors are. */
export interface TensorDifference {
  /** L2 norms of the two and of their difference. */
  readonly compiled: number;
  readonly eager: number;
  readonly distance: number;
  readonly relative: number;
  readonly agrees: boolean;
}

/** Compares two tensors of one shape in the L2 norm. */
export function compareTensors(compiled: HostTensor, eager: HostTensor): TensorDifference {
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
  const agrees = relative <= TOLERANCE || distance / Math.sqrt(size) <= NEGLIGIBLE;
  return { compiled: Math.sqrt(compiledSquares), eager: Math.sqrt(eagerSquares), distance, relative, agrees };
}

const allFinite = ({ data }: HostTensor): boolean => data.every(Number.isFinite);

/**
 * Runs one step of a program on the eager reference and compares what `program.selfCheck` names with the compiled step.
 * Programs too large for the reference are not checked, which is logged. Values that are not finite on either side
 * agree.
 * @throws MedbenchError with both figures if they differ.
 */
export async function selfCheck(check: SelfCheckRequest): Promise<void> {
  const { reference, program, state, inputs, compiled, tracedBytes, log } = check;
  if (!canCheck(program, tracedBytes, reference)) {
    const gibibytes = (tracedBytes / 2 ** 30).toFixed(1);
    log(
      `${program.name}: not checked against the eager reference, ${gibibytes} GiB of tensors do not fit ${reference.name}`,
    );
    return;
  }
  const started = performance.now();
  const eager = await eagerSession(program, state, { activate: () => reference.activate() });
  let worst = 0;
  try {
    const outputs = await eager.step(inputs).catch((error: unknown) => {
      throw new MedbenchError('backend', `${program.name}: the eager reference failed: ${errorMessage(error)}`, {
        hint: 'Load the program with selfCheck: false to run it unchecked.',
        cause: error,
      });
    });
    const expectedState = await eager.readState(program.selfCheck!.filter((name) => name in program.state));
    for (const name of program.selfCheck!) {
      const expected = outputs[name] ?? expectedState[name];
      const actual = compiled.outputs[name] ?? compiled.state[name];
      if (!expected || !actual)
        throw new MedbenchError('backend', `${program.name}: selfCheck names ${name}, no output or state entry`);
      if (!allFinite(actual) && !allFinite(expected)) {
        // What follows from it says nothing of the kernels: whoever reads the values says that they are not finite.
        log(`${program.name}: ${name} is not finite on either backend, so nothing more is compared`);
        return;
      }
      const difference = compareTensors(actual, expected);
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
}
