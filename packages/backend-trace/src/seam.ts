import type { HostTensor, TensorSpec } from '@medbench/core';
import type { FusedKernels, FusedName } from '@medbench/nn/kernels';

/** A value of a graph under construction: it stands for a tensor that is not computed yet. */
export interface TraceValue {
  readonly shape: readonly number[];
  /** The element type that TensorFlow.js is told. A builder may compute in another, and keeps that to itself. */
  readonly dtype: string;
}

/**
 * Makes the values of one graph. This is all that recording needs of it; what a backend's rules ask of it beyond that
 * is between the two.
 */
export interface TraceBuilder<V extends TraceValue> {
  /** An input of the graph, named as in {@link NAME_PREFIXES}. */
  input(name: string, spec: TensorSpec): V;
  /** Values from the host, which are copied. */
  constant(values: HostTensor['data'], spec: TensorSpec): V;
  /** The same elements in row-major order, in another shape of as many. */
  reshape(value: V, shape: readonly number[]): V;
}

/**
 * Prefixes of the names of a graph's inputs (`state/…`, `input/…`) and outputs (`next/…` is the state after the step).
 */
export const NAME_PREFIXES = { state: 'state/', input: 'input/', next: 'next/', output: 'output/' } as const;

/** A kernel's inputs by name; of kernels that take a list, by position. */
export type KernelInputs<V> = Readonly<Record<string, V>>;

/**
 * One TensorFlow.js kernel in a backend's graph: works out the shapes of its results and adds what computes them.
 * `attrs` are the kernel's attributes as TensorFlow.js declares them.
 */
export type KernelRule<B, V> = (builder: B, inputs: KernelInputs<V>, attrs: never) => V | readonly V[];

/** Rules by the kernel's name. A kernel that is not here cannot be recorded. */
export type KernelRules<B, V> = Readonly<Record<string, KernelRule<B, V>>>;

export interface TracerOptions<B, V> {
  /** Short name of the graph's format, such as `onnx`. No other tracer of the process has it. */
  readonly name: string;
  readonly rules: KernelRules<B, V>;
  /** The package to which somebody would add the rule for a kernel that has none. */
  readonly rulesPackage: string;
}

/**
 * Rules for the fused kernels that a backend offers to `@medbench/nn`, with the inputs and outputs that are agreed for
 * each.
 */
export type FusedRules<B, V> = {
  readonly [Name in FusedName]?: (
    builder: B,
    inputs: FusedKernels<V>[Name]['inputs'],
    attrs: FusedKernels<V>[Name]['attributes'],
  ) => FusedKernels<V>[Name]['outputs'];
};

/** Fused rules as a part of a table: `@medbench/nn` hands over just the inputs that are agreed. */
export const fusedRules = <B, V>(rules: FusedRules<B, V>): KernelRules<B, V> => rules as KernelRules<B, V>;
