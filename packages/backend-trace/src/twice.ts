import { MedbenchError, type Program } from '@medbench/core';

/** Values from the host that a recording has baked into its graph. */
export interface BakedConstant {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Equal for equal values. */
  readonly digest: string;
}

/** What of a written graph is compared with another recording of the same program. */
export interface WrittenGraph {
  /** The whole graph. Two recordings are the same if these bytes are. */
  readonly model: Uint8Array;
  readonly nodeCount: number;
  /** In the order of their making. */
  readonly constants: readonly BakedConstant[];
}

/** Says what differs between two recordings of one program. */
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
 * Checks that a second recording of a program is the first again: a graph would repeat forever what was drawn when it
 * was recorded.
 * @throws MedbenchError('backend') saying what differs.
 */
export function checkSameGraph(program: Program, first: WrittenGraph, second: WrittenGraph): void {
  if (Buffer.compare(first.model, second.model) !== 0) throw differenceError(program, first, second);
}
