import type { HostTensor, TensorSpec } from '@medbench/core';
import type { FusedKernels, FusedName } from '@medbench/nn/kernels';

/** A value of a graph under construction. It stands for a tensor that is not computed yet. */
export interface TraceValue {
  readonly shape: readonly number[];
  /** Element type that TensorFlow.js sees. A builder may compute in another type internally. */
  readonly dtype: string;
}

/**
 * Makes the values of one graph. Recording needs these methods only. A backend's rules may call further methods of its
 * builder.
 */
export interface TraceBuilder<V extends TraceValue> {
  /** Adds an input of the graph, named as in {@link NAME_PREFIXES}. */
  input(name: string, spec: TensorSpec): V;
  /** Adds a constant with a copy of values from the host. */
  constant(values: HostTensor['data'], spec: TensorSpec): V;
  /** Reshapes a value. The elements and their row-major order stay the same. */
  reshape(value: V, shape: readonly number[]): V;
}

/**
 * Prefixes of the names of a graph's inputs (`state/…`, `input/…`) and outputs (`output/…`, and `next/…` for the state
 * after the step).
 */
export const NAME_PREFIXES = { state: 'state/', input: 'input/', next: 'next/', output: 'output/' } as const;

/** A kernel's inputs by name, or by position if the kernel takes a list. */
export type KernelInputs<V> = Readonly<Record<string, V>>;

/**
 * Records one call of a TensorFlow.js kernel: works out the shapes of the results and adds the nodes that compute them.
 * `attrs` are the kernel's attributes as TensorFlow.js declares them.
 */
export type KernelRule<B, V> = (builder: B, inputs: KernelInputs<V>, attrs: never) => V | readonly V[];

/** Rules by kernel name. A kernel without a rule cannot be recorded. */
export type KernelRules<B, V> = Readonly<Record<string, KernelRule<B, V>>>;

/** Options of a `Tracer`. */
export interface TracerOptions<B, V> {
  /** Short name of the graph's format, such as `onnx`. It must be unique among the tracers of the process. */
  readonly name: string;
  /** Rules of the backend. */
  readonly rules: KernelRules<B, V>;
  /** Package with the rules, for the message about a kernel without a rule. */
  readonly rulesPackage: string;
}

/**
 * Rules for the fused kernels that a backend offers to `@medbench/nn`, with the inputs and outputs declared for each.
 */
export type FusedRules<B, V> = {
  readonly [Name in FusedName]?: (
    builder: B,
    inputs: FusedKernels<V>[Name]['inputs'],
    attrs: FusedKernels<V>[Name]['attributes'],
  ) => FusedKernels<V>[Name]['outputs'];
};

/**
 * Converts rules of fused kernels to general rules. This is safe because `@medbench/nn` passes the declared inputs
 * only.
 */
export const fusedRules = <B, V>(rules: FusedRules<B, V>): KernelRules<B, V> => rules as KernelRules<B, V>;
