import { createHash } from 'node:crypto';
import { elementCount } from '@medbench/core';
import type { Attribute, ElementType } from './protobuf.js';

/** One tensor of the graph. Its values are known only if it is a constant. */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** What computes it; undefined for inputs and constants. */
  readonly node?: GraphNode;
  readonly constant?: Constant;
  /** Name of the graph input that it is. */
  readonly input?: string;
}

/** Known values: one number for all elements, or bytes. */
export type Constant = { readonly splat: number } | { readonly raw: Uint8Array; readonly digest: string };

export interface GraphNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
}

export interface Shaped {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

export type NumericArray = Float32Array | Int32Array | Uint8Array | BigInt64Array | Float64Array;

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((side, i) => side === b[i]);

const BYTES_PER_ELEMENT: Record<ElementType, number> = { float32: 4, int32: 4, int64: 8, bool: 1, float64: 8 };
/** Size of a value in memory. */
export const byteSize = ({ shape, dtype }: Shaped): number => elementCount(shape) * BYTES_PER_ELEMENT[dtype];

/** `count` elements of `dtype`, all of value `value`. */
export function filled(dtype: ElementType, count: number, value: number): Uint8Array {
  const array: NumericArray =
    dtype === 'float32'
      ? new Float32Array(count).fill(value)
      : dtype === 'float64'
        ? new Float64Array(count).fill(value)
        : dtype === 'int32'
          ? new Int32Array(count).fill(value)
          : dtype === 'bool'
            ? new Uint8Array(count).fill(value)
            : new BigInt64Array(count).fill(BigInt(value));
  return new Uint8Array(array.buffer);
}

/**
 * A graph under construction. Nodes are pure, so two with the same operator, inputs and attributes are one (hash
 * consing): common subexpressions never arise. Values are made in an order in which they can be computed.
 */
export class Graph {
  readonly #known = new Map<string, GraphNode | Value>();
  readonly inputs: Value[] = [];
  #next = 0;

  input(name: string, { shape, dtype }: Shaped): Value {
    const value = { id: this.#next++, shape, dtype, input: name };
    this.inputs.push(value);
    return value;
  }

  /** All elements equal. Its bytes are written only if some operator needs them at full size. */
  splat(value: number, { shape, dtype }: Shaped): Value {
    const splat = dtype === 'float32' ? Math.fround(value) : value;
    return this.#remember(`${dtype}[${shape}]=${Object.is(splat, -0) ? '-0' : splat}`, (id) => ({
      id,
      shape,
      dtype,
      constant: { splat },
    }));
  }

  /** Values from host memory. They are copied. */
  constant(array: NumericArray, { shape, dtype }: Shaped): Value {
    const first = array[0];
    if (first !== undefined && array.every((item: number | bigint) => Object.is(item, first)))
      return this.splat(Number(first), { shape, dtype });
    const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
    const digest = createHash('sha256').update(raw).digest('hex');
    return this.#remember(`${dtype}[${shape}]#${digest}`, (id) => ({ id, shape, dtype, constant: { raw, digest } }));
  }

  /** A vector of 64-bit integers, as ONNX takes shapes and axes. */
  integers(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), { shape: [values.length], dtype: 'int64' });
  }

  /** Adds a node, or finds the equal one, and gives its outputs. */
  nodes(
    op: string,
    inputs: readonly Value[],
    outputs: readonly Shaped[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly Value[] {
    const raws = Object.values(attributes).map((value) =>
      typeof value === 'object' && 'raw' in value ? Buffer.from(value.raw).toString('hex') : value,
    );
    const key = `${domain}:${op}(${inputs.map(({ id }) => id)})${JSON.stringify([Object.keys(attributes), raws])}`;
    const shaped = `${key}${outputs.map(({ shape, dtype }) => `${dtype}[${shape}]`)}`;
    const known = this.#known.get(shaped);
    if (known && 'outputs' in known) return known.outputs;
    const made: Value[] = [];
    const node: GraphNode = { op, domain, inputs, attributes, outputs: made };
    for (const { shape, dtype } of outputs) made.push({ id: this.#next++, shape, dtype, node });
    this.#known.set(shaped, node);
    return made;
  }

  /** `nodes` for an operator with one output. */
  node(
    op: string,
    inputs: readonly Value[],
    output: Shaped,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    return this.nodes(op, inputs, [output], attributes, domain)[0]!;
  }

  #remember(key: string, make: (id: number) => Value): Value {
    const known = this.#known.get(key);
    if (known && 'id' in known) return known;
    const value = make(this.#next++);
    this.#known.set(key, value);
    return value;
  }
}

/** The number that all elements of a constant equal, if they do. */
export const splatValue = (value: Value): number | undefined =>
  value.constant && 'splat' in value.constant ? value.constant.splat : undefined;
