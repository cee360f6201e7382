import { createHash } from 'node:crypto';
import { elementCount } from '@medbench/core';
import type { Attribute, ElementType } from './protobuf.js';

/** One tensor of the graph (a "value" in ONNX). Its numbers are known only if it is a constant. */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** The node that computes it; undefined for inputs and constants. */
  readonly node?: GraphNode;
  readonly constant?: Constant;
  /** Name of the graph input; undefined if it is not an input. */
  readonly input?: string;
}

/** Known numbers: one number for all elements ("splat"), or the bytes of all elements. */
export type Constant = { readonly splat: number } | { readonly raw: Uint8Array; readonly digest: string };

export interface GraphNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
}

/** Shape and element type. */
export interface TensorType {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

export type NumericArray = Float32Array | Int32Array | Uint8Array | BigInt64Array | Float64Array;

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((side, i) => side === b[i]);

const BYTES_PER_ELEMENT: Record<ElementType, number> = { float32: 4, int32: 4, int64: 8, bool: 1, float64: 8 };
/** Bytes of a value in memory. */
export const byteSize = ({ shape, dtype }: TensorType): number => elementCount(shape) * BYTES_PER_ELEMENT[dtype];

/** The bytes of `count` elements of `dtype` that all equal `value`. */
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
 * A graph under construction. Nodes are pure, so two nodes with the same operator, inputs and attributes are stored
 * once (hash consing): common subexpressions never arise. A value is created after the values that it depends on, so
 * the ids are in an order in which the values can be computed.
 */
export class Graph {
  readonly #interned = new Map<string, GraphNode | Value>();
  readonly inputs: Value[] = [];
  #next = 0;

  input(name: string, { shape, dtype }: TensorType): Value {
    const value = { id: this.#next++, shape, dtype, input: name };
    this.inputs.push(value);
    return value;
  }

  /** A constant whose elements are all equal. Only its number is stored, not the bytes of all elements. */
  splat(value: number, { shape, dtype }: TensorType): Value {
    const splat = dtype === 'float32' ? Math.fround(value) : value;
    return this.#intern(`${dtype}[${shape}]=${Object.is(splat, -0) ? '-0' : splat}`, (id) => ({
      id,
      shape,
      dtype,
      constant: { splat },
    }));
  }

  /** A constant from host memory. The array is copied. */
  constant(array: NumericArray, { shape, dtype }: TensorType): Value {
    const first = array[0];
    if (first !== undefined && array.every((item: number | bigint) => Object.is(item, first)))
      return this.splat(Number(first), { shape, dtype });
    const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
    const digest = createHash('sha256').update(raw).digest('hex');
    return this.#intern(`${dtype}[${shape}]#${digest}`, (id) => ({ id, shape, dtype, constant: { raw, digest } }));
  }

  /** A constant vector of 64-bit integers, the form in which ONNX operators take shapes and axes. */
  integers(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), { shape: [values.length], dtype: 'int64' });
  }

  /** Adds a node, unless an equal node exists. @returns the outputs of the new or the existing node. */
  nodes(
    op: string,
    inputs: readonly Value[],
    outputs: readonly TensorType[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly Value[] {
    const attributeValues = Object.values(attributes).map((value) =>
      typeof value === 'object' && 'raw' in value ? Buffer.from(value.raw).toString('hex') : value,
    );
    const key = `${domain}:${op}(${inputs.map(({ id }) => id)})${JSON.stringify([Object.keys(attributes), attributeValues])}`;
    const keyWithOutputs = `${key}${outputs.map(({ shape, dtype }) => `${dtype}[${shape}]`)}`;
    const existing = this.#interned.get(keyWithOutputs);
    if (existing && 'outputs' in existing) return existing.outputs;
    const results: Value[] = [];
    const node: GraphNode = { op, domain, inputs, attributes, outputs: results };
    for (const { shape, dtype } of outputs) results.push({ id: this.#next++, shape, dtype, node });
    this.#interned.set(keyWithOutputs, node);
    return results;
  }

  /** `nodes` for an operator with one output. */
  node(
    op: string,
    inputs: readonly Value[],
    output: TensorType,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    return this.nodes(op, inputs, [output], attributes, domain)[0]!;
  }

  #intern(key: string, make: (id: number) => Value): Value {
    const existing = this.#interned.get(key);
    if (existing && 'id' in existing) return existing;
    const value = make(this.#next++);
    this.#interned.set(key, value);
    return value;
  }
}

/** The number that all elements of a constant equal; undefined for any other value. */
export const splatValue = (value: Value): number | undefined =>
  value.constant && 'splat' in value.constant ? value.constant.splat : undefined;
