import type { HostTensor, HostTensors, TensorSpec } from '@medbench/core';
import { stripPrefix } from './layout.js';

/** Prefix of representations, among inputs and outputs. */
export const REPRESENTATION = 'representation/';

/** Returns rows `from` to `to` of each tensor, without copying them. */
export function sliceRows(tensors: HostTensors, from: number, to: number): HostTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const { shape, data } = tensor;
      const size = data.length / shape[0]!;
      return [name, { ...tensor, shape: [to - from, ...shape.slice(1)], data: data.subarray(from * size, to * size) }];
    }),
  );
}

/** Concatenates the chunks along the first axis, each tensor by its name. */
export function stackRows(chunks: readonly HostTensors[]): HostTensors {
  return Object.fromEntries(
    Object.entries(chunks[0]!).map(([name, { shape, dtype, data: firstData }]) => {
      const data = new (firstData.constructor as Float32ArrayConstructor)(firstData.length * chunks.length);
      for (const [i, chunk] of chunks.entries()) data.set(chunk[name]!.data as Float32Array, i * firstData.length);
      return [name, { shape: [shape[0]! * chunks.length, ...shape.slice(1)], dtype, data } satisfies HostTensor];
    }),
  );
}

/** Ranges of rows, `[from, to]`, that divide `size` rows into chunks. `chunk` divides `size`. */
export const chunkRanges = (size: number, chunk: number): (readonly [number, number])[] =>
  Array.from({ length: size / chunk }, (_, i) => [i * chunk, (i + 1) * chunk] as const);

/** The specs of the representations among `outputs`, with `rowCount` rows each. */
export const representationSpecs = (
  outputs: Readonly<Record<string, TensorSpec>>,
  rowCount: number,
): Record<string, TensorSpec> =>
  Object.fromEntries(
    Object.entries(stripPrefix(REPRESENTATION, outputs)).map(([name, { shape, dtype }]) => [
      name,
      { shape: [rowCount, ...shape.slice(1)], dtype },
    ]),
  );
