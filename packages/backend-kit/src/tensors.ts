import {
  elementCount,
  type HostTensor,
  type HostTensors,
  MedbenchError,
  type Program,
  type ProgramResult,
  type TensorSpec,
} from '@medbench/core';

const describeSpec = ({ shape, dtype }: TensorSpec): string => `${dtype} [${shape.join(', ')}]`;
const specsMatch = (a: TensorSpec, b: TensorSpec): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((side, i) => side === b.shape[i]);

/** Typed array of each element type. */
export const ARRAY_TYPES = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Number of bytes of a tensor's elements. */
export const tensorBytes = ({ shape, dtype }: TensorSpec): number =>
  elementCount(shape) * ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;

/**
 * Checks tensors against the declared `state` or `inputs` of a program.
 * @throws MedbenchError naming the first tensor that is missing, unknown, or of another shape, element type or length.
 */
export function checkTensors(program: Program, kind: 'state' | 'inputs', tensors: HostTensors): void {
  const specs = program[kind];
  const noun = kind === 'state' ? 'state entry' : 'input';
  for (const [name, spec] of Object.entries(specs)) {
    const tensor = tensors[name];
    if (!tensor) throw new MedbenchError('backend', `Program ${program.name}: the ${noun} ${name} is missing`);
    if (!specsMatch(tensor, spec))
      throw new MedbenchError(
        'backend',
        `Program ${program.name}: the ${noun} ${name} is ${describeSpec(tensor)}, expected ${describeSpec(spec)}`,
        { hint: 'Compiled shapes are fixed: pad or drop a short last batch.' },
      );
    if (kind === 'inputs' && tensor.levels && hasLevels(tensor)) continue;
    if (tensor.data.length !== elementCount(spec.shape) || !(tensor.data instanceof ARRAY_TYPES[spec.dtype]))
      throw new MedbenchError(
        'backend',
        `Program ${program.name}: the ${noun} ${name} has ${tensor.data.length} values in a ` +
          `${tensor.data.constructor.name}, expected ${elementCount(spec.shape)} in a ${ARRAY_TYPES[spec.dtype].name}`,
      );
  }
  for (const name of Object.keys(tensors))
    if (!(name in specs))
      throw new MedbenchError('backend', `Program ${program.name} has no ${noun} ${name}`, {
        hint: `It has: ${Object.keys(specs).join(', ') || 'none'}.`,
      });
}

/**
 * Checks that the state returned by a program has declared entries only, with unchanged shapes and element types.
 * @throws MedbenchError naming the first wrong entry.
 */
export function checkResult(program: Program, result: ProgramResult): void {
  for (const [name, tensor] of Object.entries(result.state ?? {})) {
    const spec = program.state[name];
    if (!spec) throw new MedbenchError('backend', `Program ${program.name} returns an unknown state entry ${name}`);
    const actual = { shape: tensor.shape, dtype: tensor.dtype as TensorSpec['dtype'] };
    if (!specsMatch(actual, spec))
      throw new MedbenchError(
        'backend',
        `Program ${program.name} returns the state entry ${name} as ${describeSpec(actual)}, declared ${describeSpec(spec)}`,
      );
  }
}

/** Checks names of state entries. @returns the names, by default all. @throws MedbenchError for an unknown name. */
export function stateNames(program: Program, names: readonly string[] | undefined): readonly string[] {
  for (const name of names ?? [])
    if (!(name in program.state))
      throw new MedbenchError('backend', `Program ${program.name} has no state entry ${name}`);
  return names ?? Object.keys(program.state);
}

const hasLevels = ({ data, shape, dtype, levels }: HostTensor): boolean =>
  dtype === 'float32' &&
  data instanceof Uint8Array &&
  data.length === elementCount(shape) &&
  levels?.length === 256 * (shape.at(-1) ?? 1);

/** The tensor with its values as floats, if it holds bytes with `levels`. */
export function expandLevels(tensor: HostTensor): HostTensor {
  const { shape, dtype, data, levels } = tensor;
  if (!levels) return tensor;
  const channels = shape.at(-1) ?? 1;
  const values = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const table = levels.subarray(256 * c, 256 * (c + 1));
    for (let i = c; i < data.length; i += channels) values[i] = table[data[i]!]!;
  }
  return { shape, dtype, data: values };
}

/** Copies a tensor, so that later steps do not change it. */
export const copyTensor = ({ shape, dtype, data }: HostTensor): HostTensor => ({ shape, dtype, data: data.slice() });

/** Selects the entries with the given names. */
export const pick = <T>(entries: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, entries[name]!]));
