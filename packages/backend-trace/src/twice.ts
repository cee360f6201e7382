import { MedbenchError, type Program } from '@medbench/core';

/** A constant of a graph, made from values on the host. */
export interface BakedConstant {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Hash of the values. */
  readonly digest: string;
}

/** A written graph, for comparison with another recording of the same program. */
export interface WrittenGraph {
  /** Bytes of the complete graph. Two recordings are equal if these bytes are equal. */
  readonly model: Uint8Array;
  readonly nodeCount: number;
  /** Constants in the order in which they were made. */
  readonly constants: readonly BakedConstant[];
}

/** Makes the error that says how two recordings of one program differ. */
function differenceError(program: Program, first: WrittenGraph, second: WrittenGraph): MedbenchError {
  const index = first.constants.findIndex(({ digest }, i) => digest !== second.constants[i]?.digest);
  const changed = first.constants[index];
  const reason = changed
    ? `a ${changed.dtype} constant of shape [${changed.shape.join(', ')}] has other values each time`
    : `it makes ${first.nodeCount} operations the first time and ${second.nodeCount} the second`;
  return new MedbenchError('backend', `Program ${program.name} does not do the same thing twice: ${reason}`, {
    hint:
      'Something random or changing (a random op, the time, a counter) was drawn inside run. ' +
      'Draw it outside and pass it as an input.',
  });
}

/**
 * Checks that two recordings of a program are equal. If they differ, the program draws random or changing values, which
 * a compiled graph would repeat at every step.
 * @throws MedbenchError('backend') saying what differs.
 */
export function checkSameGraph(program: Program, first: WrittenGraph, second: WrittenGraph): void {
  if (Buffer.compare(first.model, second.model) !== 0) throw differenceError(program, first, second);
}
