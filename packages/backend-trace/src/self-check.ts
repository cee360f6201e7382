import { eagerSession } from '@medbench/backend-kit';
import { errorMessage, type HostTensor, type HostTensors, MedbenchError, type Program } from '@medbench/core';

/** Largest relative L2 difference from the eager reference; rounding differs by about 1e-6. */
const TOLERANCE = 1e-3;
/** Root-mean-square difference that is nothing, whatever it is relative to. */
const NEGLIGIBLE = 1e-7;

/** The eager TensorFlow.js backend that compiled steps are compared with. */
export interface Reference {
  /** Where it computes, for messages, such as `WebAssembly`. */
  readonly name: string;
  /** Starts it if need be and makes it the active one. @returns its name in TensorFlow.js. */
  activate(): Promise<string>;
  /** Programs that compute more bytes of tensors in a step do not fit its memory. */
  readonly largestBytes: number;
}

/** Whether a program's first step is compared with the eager one where that is not switched off. */
export const canCheck = ({ selfCheck: named = [] }: Program, tracedBytes: number, reference: Reference): boolean =>
  named.length > 0 && tracedBytes <= reference.largestBytes;

export interface SelfCheck {
  readonly reference: Reference;
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
export interface Difference {
  /** L2 norms of the two and of their difference. */
  readonly compiled: number;
  readonly eager: number;
  readonly apart: number;
  readonly relative: number;
  readonly fits: boolean;
}

/** Compares two tensors of one shape in the L2 norm. */
export function compareTensors(compiled: HostTensor, eager: HostTensor): Difference {
  let [a, b, c] = [0, 0, 0];
  eager.data.forEach((value, i) => {
    const other = compiled.data[i] ?? Number.NaN;
    a += other * other;
    b += value * value;
    c += (other - value) ** 2;
  });
  const apart = Math.sqrt(c);
  const relative = apart === 0 ? 0 : apart / Math.max(Math.sqrt(a), Math.sqrt(b));
  const size = Math.max(1, eager.data.length);
  const fits = relative <= TOLERANCE || apart / Math.sqrt(size) <= NEGLIGIBLE;
  return { compiled: Math.sqrt(a), eager: Math.sqrt(b), apart, relative, fits };
}

const allFinite = ({ data }: HostTensor): boolean => data.every(Number.isFinite);

/**
 * Runs one step of a program on the eager reference and compares what `program.selfCheck` names with the compiled step.
 * Programs too large for the reference are not checked, which is logged. Values that are not finite on either side agree.
 * @throws MedbenchError with both figures if they differ.
 */
export async function selfCheck(check: SelfCheck): Promise<void> {
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
      const found = compiled.outputs[name] ?? compiled.state[name];
      if (!expected || !found)
        throw new MedbenchError('backend', `${program.name}: selfCheck names ${name}, no output or state entry`);
      if (!allFinite(found) && !allFinite(expected)) {
        // What follows from it says nothing of the kernels: whoever reads the values says that they are not finite.
        log(`${program.name}: ${name} is not finite on either backend, so nothing more is compared`);
        return;
      }
      const difference = compareTensors(found, expected);
      worst = Math.max(worst, difference.relative);
      if (difference.fits) continue;
      const [shown, wanted] =
        expected.data.length === 1
          ? [String(found.data[0]), String(expected.data[0])]
          : [`norm ${difference.compiled}`, `norm ${difference.eager}`];
      throw new MedbenchError(
        'backend',
        `${program.name}: the compiled step disagrees with the eager reference in ${name}: ` +
          `${shown} compiled, ${wanted} eager, relative difference ${difference.relative.toExponential(1)}`,
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
