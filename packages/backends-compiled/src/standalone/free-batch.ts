import { elementCount, MedbenchError } from '@medbench/core';
import type { Attribute, ModelProto, NodeProto, TensorProto, ValueProto } from '../graph/protobuf.js';

/** A program traced for one batch size. */
export interface TracedBatch {
  readonly batch: number;
  readonly model: ModelProto;
}

/** Name of the dimension that is left free. */
export const BATCH_SIDE = 'batch';
/** Prefix of the names of values computed from the batch size. No weight has this prefix. */
const DYNAMIC = 'dynamic_';

/** The source of a node's input. */
type Origin =
  | { readonly kind: 'node'; readonly place: string }
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'initializer'; readonly tensor: TensorProto };

function findOrigins({ nodes, inputs, initializers }: ModelProto): Map<string, Origin> {
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

/** The numbers of a tensor of 64-bit integers. */
function readIntegers({ raw }: TensorProto): number[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.byteLength / 8 }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}

const int64 = (values: readonly number[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);

/** The bytes of one element, if all elements of a tensor are equal; otherwise undefined. */
function uniformElement({ raw, shape }: TensorProto): Uint8Array | undefined {
  const size = raw.byteLength / elementCount(shape);
  const first = raw.subarray(0, size);
  for (let offset = size; offset < raw.byteLength; offset += size)
    if (!sameBytes(first, raw.subarray(offset, offset + size))) return undefined;
  return first;
}

/** Fits numbers observed at several batch sizes as `slope * batch + offset`; undefined if they do not fit. */
function affine(
  batches: readonly number[],
  values: readonly (readonly number[])[],
): { readonly slopes: number[]; readonly offsets: number[] } | undefined {
  const [first, second] = values as [readonly number[], readonly number[]];
  if (!values.every(({ length }) => length === first.length)) return undefined;
  const slopes = first.map((value, i) => (second[i]! - value) / (batches[1]! - batches[0]!));
  const offsets = first.map((value, i) => value - slopes[i]! * batches[0]!);
  const fits = values.every((row, k) => row.every((value, i) => value === slopes[i]! * batches[k]! + offsets[i]!));
  return fits && slopes.every(Number.isInteger) ? { slopes, offsets } : undefined;
}

/** Merges traces of one program, made for several batch sizes, into one graph. */
class TraceMerger {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputNames = new Map<string, string>();
  #batchSize: string | undefined;

  constructor(
    private readonly program: string,
    private readonly traces: readonly TracedBatch[],
    private readonly batchInput: string,
  ) {}

  merge(): ModelProto {
    const first = this.traces[0]!.model;
    const models = this.traces.map(({ model }) => model);
    if (!allEqual(models.map(({ nodes }) => nodes.length)))
      throw this.#refusal('the number of its operations depends on the batch size');
    const origins = models.map(findOrigins);
    const nodes = first.nodes.map((node, i) => {
      const variants = models.map((model) => model.nodes[i]!);
      const sketch = ({ op, domain, attributes, inputs }: NodeProto): string =>
        `${domain}:${op}/${inputs.length}${comparable(attributes)}`;
      if (!allEqual(variants.map(sketch)))
        throw this.#refusal(`its operation ${i} (${node.op}) depends on the batch size`);
      const inputs = node.inputs.map((name, j) =>
        this.#mergeInput(
          variants.map((variant, k) => origins[k]!.get(variant.inputs[j]!)!),
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
      inputs: first.inputs.map((_, i) => this.#mergeShape(models.map(({ inputs }) => inputs[i]!))),
      outputs: first.outputs.map((_, i) => this.#mergeShape(models.map(({ outputs }) => outputs[i]!))),
    };
  }

  /** Name of a node's input in the merged graph. */
  #mergeInput(origins: readonly Origin[], name: string, isShape: boolean): string {
    const tensors = origins.flatMap((origin) => (origin.kind === 'initializer' ? [origin.tensor] : []));
    if (tensors.length === origins.length) return this.#mergeInitializer(tensors, isShape);
    if (tensors.length > 0 || !allEqual(origins.map((origin) => JSON.stringify(origin))))
      throw this.#refusal('the connections between its operations depend on the batch size');
    return name;
  }

  #mergeInitializer(tensors: readonly TensorProto[], isShape: boolean): string {
    const key = `${isShape}${tensors.map(({ name }) => name)}`;
    const existing = this.#inputNames.get(key);
    if (existing !== undefined) return existing;
    const name = this.#writeMerged(tensors, isShape);
    this.#inputNames.set(key, name);
    return name;
  }

  #writeMerged(tensors: readonly TensorProto[], isShape: boolean): string {
    const [first] = tensors as [TensorProto];
    const { dtype, shape, name } = first;
    const isConstant = tensors.every(
      (tensor) => String(tensor.shape) === String(shape) && sameBytes(tensor.raw, first.raw),
    );
    // One tensor may serve as a shape in one place and as numbers in another: it is written only once.
    if (isConstant) return this.#write(first);
    const batches = this.traces.map(({ batch }) => batch);
    const numbers = dtype === 'int64' && shape.length === 1 ? affine(batches, tensors.map(readIntegers)) : undefined;
    if (numbers) {
      const changing = numbers.slopes.flatMap((slope, i) => (slope === 0 ? [] : [i]));
      // A reshape may have one dimension of -1, which the runtime works out.
      if (isShape && changing.length === 1)
        return this.#write({ ...first, name: `${name}_free`, raw: int64(readIntegers(first).with(changing[0]!, -1)) });
      return this.#computeFromBatch(name, numbers);
    }
    const elements = tensors.map(uniformElement);
    const sides = affine(
      batches,
      tensors.map((tensor) => tensor.shape),
    );
    if (sides && elements.every((element) => element && sameBytes(element, elements[0]!))) {
      const filledName = `${DYNAMIC}${name}`;
      this.#nodes.push({
        op: 'ConstantOfShape',
        domain: '',
        inputs: [this.#computeFromBatch(`${name}_shape`, sides)],
        outputs: [filledName],
        attributes: { value: { dtype, raw: elements[0]! } },
      });
      return filledName;
    }
    throw this.#refusal(`a ${dtype} constant of shape [${shape.join(', ')}] depends on the batch size`);
  }

  #write(tensor: TensorProto): string {
    if (!this.#initializers.some(({ name }) => name === tensor.name)) this.#initializers.push(tensor);
    return tensor.name;
  }

  /** Adds nodes that compute `slopes * batch + offsets`. @returns the name of the result. */
  #computeFromBatch(
    name: string,
    { slopes, offsets }: { slopes: readonly number[]; offsets: readonly number[] },
  ): string {
    if (this.#batchSize === undefined) {
      this.#batchSize = `${DYNAMIC}batch`;
      const attributes = { start: 0, end: 1 };
      this.#nodes.push({ op: 'Shape', domain: '', inputs: [this.batchInput], outputs: [this.#batchSize], attributes });
    }
    const tensor = (role: string, values: readonly number[]): string =>
      this.#write({ name: `${DYNAMIC}${name}_${role}`, shape: [values.length], dtype: 'int64', raw: int64(values) });
    const [scaled, sum] = [`${DYNAMIC}${name}_scaled`, `${DYNAMIC}${name}_sum`];
    const node = (op: string, inputs: string[], output: string): void =>
      void this.#nodes.push({ op, domain: '', inputs, outputs: [output], attributes: {} });
    node('Mul', [this.#batchSize, tensor('slopes', slopes)], scaled);
    node('Add', [scaled, tensor('offsets', offsets)], sum);
    return sum;
  }

  /** An input or output of the merged graph, with the batch size as a free dimension. */
  #mergeShape(values: readonly ValueProto[]): ValueProto {
    const [first] = values as [ValueProto];
    const shape = first.shape.map((side, axis) => {
      const sides = values.map((value) => value.shape[axis]);
      if (allEqual(sides)) return side;
      if (sides.every((extent, k) => extent === this.traces[k]!.batch)) return BATCH_SIDE;
      throw this.#refusal(`a dimension of ${first.name} depends on the batch size but does not equal it`);
    });
    return { ...first, shape };
  }

  #refusal(reason: string): MedbenchError {
    return new MedbenchError('backend', `${this.program} cannot be written for batches of any size: ${reason}`, {
      hint: 'Fix the size with --batch.',
    });
  }
}

/**
 * Merges traces of a program for several batch sizes into one graph for any batch size. This is correct only if the
 * traces have the same operations in the same order and differ only in shapes that grow linearly with the batch size,
 * by whole numbers. Such shapes are left open or computed from the first dimension of the input.
 * @param traces traces for at least three batch sizes above one. The third checks the fit through the first two.
 * @param batchInput name of the input whose first dimension is the batch size.
 * @throws MedbenchError('backend') naming what else depends on the batch size.
 */
export const withFreeBatch = (program: string, traces: readonly TracedBatch[], batchInput: string): ModelProto =>
  new TraceMerger(program, traces, batchInput).merge();
