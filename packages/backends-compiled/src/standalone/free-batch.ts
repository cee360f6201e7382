import { elementCount, MedbenchError } from '@medbench/core';
import type { Attribute, ModelProto, NodeProto, TensorProto, ValueProto } from '../graph/protobuf.js';

/** One program traced for batches of `batch`. */
export interface TracedFor {
  readonly batch: number;
  readonly model: ModelProto;
}

/** Name of the side that is free. */
export const BATCH_SIDE = 'batch';
/** Names of what is computed from it; no weight is named so. */
const DYNAMIC = 'dynamic_';

/** Where a node's input comes from. */
type Origin =
  | { readonly kind: 'node'; readonly place: string }
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'initializer'; readonly tensor: TensorProto };

function originsOf({ nodes, inputs, initializers }: ModelProto): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  for (const { name } of inputs) origins.set(name, { kind: 'input', name });
  for (const tensor of initializers) origins.set(tensor.name, { kind: 'initializer', tensor });
  nodes.forEach(({ outputs }, i) => {
    outputs.forEach((name, j) => {
      origins.set(name, { kind: 'node', place: `${i}.${j}` });
    });
  });
  return origins;
}

const comparable = (attributes: Readonly<Record<string, Attribute>>): string =>
  JSON.stringify(attributes, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value));

const allEqual = (values: readonly unknown[]): boolean => values.every((value) => value === values[0]);
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** 64-bit integers of a tensor. */
function integersOf({ raw }: TensorProto): number[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.byteLength / 8 }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}

const int64 = (values: readonly number[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);

/** The number that all elements of a tensor equal, as the bytes of one element; undefined if they differ. */
function elementOf({ raw, shape }: TensorProto): Uint8Array | undefined {
  const size = raw.byteLength / elementCount(shape);
  const first = raw.subarray(0, size);
  for (let at = size; at < raw.byteLength; at += size)
    if (!sameBytes(first, raw.subarray(at, at + size))) return undefined;
  return first;
}

/** Numbers as `slope * batch + offset`, found at some batch sizes; undefined if they are not of that form. */
function affine(
  batches: readonly number[],
  values: readonly (readonly number[])[],
): { readonly slopes: number[]; readonly offsets: number[] } | undefined {
  const [first, second] = values as [readonly number[], readonly number[]];
  if (!values.every(({ length }) => length === first.length)) return undefined;
  const slopes = first.map((value, i) => (second[i]! - value) / (batches[1]! - batches[0]!));
  const offsets = first.map((value, i) => value - slopes[i]! * batches[0]!);
  const fits = values.every((own, k) => own.every((value, i) => value === slopes[i]! * batches[k]! + offsets[i]!));
  return fits && slopes.every(Number.isInteger) ? { slopes, offsets } : undefined;
}

/** Joins traces of one program into one graph. */
class Joining {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #known = new Map<string, string>();
  #size: string | undefined;

  constructor(
    private readonly program: string,
    private readonly traces: readonly TracedFor[],
    private readonly measured: string,
  ) {}

  join(): ModelProto {
    const first = this.traces[0]!.model;
    const models = this.traces.map(({ model }) => model);
    if (!allEqual(models.map(({ nodes }) => nodes.length))) throw this.#refusal('it makes other operations for each');
    const origins = models.map(originsOf);
    const nodes = first.nodes.map((node, i) => {
      const all = models.map((model) => model.nodes[i]!);
      const sketch = ({ op, domain, attributes, inputs }: NodeProto): string =>
        `${domain}:${op}/${inputs.length}${comparable(attributes)}`;
      if (!allEqual(all.map(sketch))) throw this.#refusal(`its operation ${i}, ${node.op}, changes with it`);
      const inputs = node.inputs.map((name, j) =>
        this.#input(
          all.map((one, k) => origins[k]!.get(one.inputs[j]!)!),
          name,
          node.op === 'Reshape' && j === 1,
        ),
      );
      return { ...node, inputs };
    });
    return {
      ...first,
      nodes: [...this.#nodes, ...nodes],
      initializers: this.#initializers,
      inputs: first.inputs.map((_, i) => this.#side(models.map(({ inputs }) => inputs[i]!))),
      outputs: first.outputs.map((_, i) => this.#side(models.map(({ outputs }) => outputs[i]!))),
    };
  }

  /** Name of a node's input in the joint graph. */
  #input(origins: readonly Origin[], name: string, isShape: boolean): string {
    const tensors = origins.flatMap((origin) => (origin.kind === 'initializer' ? [origin.tensor] : []));
    if (tensors.length === origins.length) return this.#initializer(tensors, isShape);
    if (tensors.length > 0 || !allEqual(origins.map((origin) => JSON.stringify(origin))))
      throw this.#refusal('its operations are joined in another way for each');
    return name;
  }

  #initializer(tensors: readonly TensorProto[], isShape: boolean): string {
    const key = `${isShape}${tensors.map(({ name }) => name)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.#make(tensors, isShape);
    this.#known.set(key, name);
    return name;
  }

  #make(tensors: readonly TensorProto[], isShape: boolean): string {
    const [first] = tensors as [TensorProto];
    const { dtype, shape, name } = first;
    const still = tensors.every((one) => String(one.shape) === String(shape) && sameBytes(one.raw, first.raw));
    // The same tensor may be a shape here and numbers there: only one of the two is written.
    if (still) return this.#write(first);
    const batches = this.traces.map(({ batch }) => batch);
    const numbers = dtype === 'int64' && shape.length === 1 ? affine(batches, tensors.map(integersOf)) : undefined;
    if (numbers) {
      const moving = numbers.slopes.flatMap((slope, i) => (slope === 0 ? [] : [i]));
      // One side of a reshape can be left to the runtime.
      if (isShape && moving.length === 1)
        return this.#write({ ...first, name: `${name}_free`, raw: int64(integersOf(first).with(moving[0]!, -1)) });
      return this.#sized(name, numbers);
    }
    const elements = tensors.map(elementOf);
    const sides = affine(
      batches,
      tensors.map((one) => one.shape),
    );
    if (sides && elements.every((element) => element && sameBytes(element, elements[0]!))) {
      const filledName = `${DYNAMIC}${name}`;
      this.#nodes.push({
        op: 'ConstantOfShape',
        domain: '',
        inputs: [this.#sized(`${name}_shape`, sides)],
        outputs: [filledName],
        attributes: { value: { dtype, raw: elements[0]! } },
      });
      return filledName;
    }
    throw this.#refusal(`a ${dtype} constant of shape [${shape.join(', ')}] changes with it`);
  }

  #write(tensor: TensorProto): string {
    if (!this.#initializers.some(({ name }) => name === tensor.name)) this.#initializers.push(tensor);
    return tensor.name;
  }

  /** Computes `slopes * batch + offsets`. @returns its name. */
  #sized(name: string, { slopes, offsets }: { slopes: readonly number[]; offsets: readonly number[] }): string {
    if (this.#size === undefined) {
      this.#size = `${DYNAMIC}batch`;
      const attributes = { start: 0, end: 1 };
      this.#nodes.push({ op: 'Shape', domain: '', inputs: [this.measured], outputs: [this.#size], attributes });
    }
    const tensor = (part: string, values: readonly number[]): string =>
      this.#write({ name: `${DYNAMIC}${name}_${part}`, shape: [values.length], dtype: 'int64', raw: int64(values) });
    const [scaled, sum] = [`${DYNAMIC}${name}_scaled`, `${DYNAMIC}${name}_sum`];
    const node = (op: string, inputs: string[], output: string): void =>
      void this.#nodes.push({ op, domain: '', inputs, outputs: [output], attributes: {} });
    node('Mul', [this.#size, tensor('slopes', slopes)], scaled);
    node('Add', [scaled, tensor('offsets', offsets)], sum);
    return sum;
  }

  /** An input or output whose first side is the batch's. */
  #side(values: readonly ValueProto[]): ValueProto {
    const [first] = values as [ValueProto];
    const shape = first.shape.map((side, axis) => {
      const sides = values.map((value) => value.shape[axis]);
      if (allEqual(sides)) return side;
      if (sides.every((own, k) => own === this.traces[k]!.batch)) return BATCH_SIDE;
      throw this.#refusal(`a side of ${first.name} changes with it in another way`);
    });
    return { ...first, shape };
  }

  #refusal(what: string): MedbenchError {
    return new MedbenchError('backend', `${this.program} cannot be written for batches of any size: ${what}`, {
      hint: 'Fix the size with --batch.',
    });
  }
}

/**
 * One graph for batches of any size from traces of a program for several. Sound only where the traces are the same
 * operations in the same order, and all that differs are shapes that grow with the batch by a whole number: those are
 * left open or computed from the input's first side.
 * @param traces for at least three sizes above one: the third checks what the first two say.
 * @param measured the input whose first side is the batch's.
 * @throws MedbenchError('backend') saying what else changes with the size.
 */
export const withFreeBatch = (program: string, traces: readonly TracedFor[], measured: string): ModelProto =>
  new Joining(program, traces, measured).join();
