import type { HostTensor, Program, TensorSpec } from '@medbench/core';
import { backend_util, type FillAttrs, type ReshapeAttrs, type SumAttrs } from '@tensorflow/tfjs-core';
import {
  type KernelRule,
  type KernelRules,
  normaliseAxes,
  type TraceBuilder,
  Tracer,
  type TraceValue,
  type WrittenGraph,
} from '../src/index.js';

/** A value, written as the expression that computes it, such as `Add(state/w, input/x)`. */
export interface Term extends TraceValue {
  readonly text: string;
}

/** The smallest builder: it writes down the calls of kernels. */
export class Terms implements TraceBuilder<Term> {
  readonly constants: HostTensor[] = [];

  input(name: string, { shape, dtype }: TensorSpec): Term {
    return { shape, dtype, text: name };
  }

  constant(data: HostTensor['data'], { shape, dtype }: TensorSpec): Term {
    this.constants.push({ data, shape, dtype });
    return { shape, dtype, text: `constant ${this.constants.length}` };
  }

  reshape(x: Term, shape: readonly number[]): Term {
    return String(shape) === String(x.shape) ? x : { ...x, shape, text: `Reshape(${x.text})` };
  }

  /** Makes the value of a kernel call. */
  call(op: string, inputs: readonly Term[], shape: readonly number[], dtype = 'float32'): Term {
    return { shape, dtype, text: `${op}(${inputs.map(({ text }) => text).join(', ')})` };
  }
}

const unary =
  (op: string): KernelRule<Terms, Term> =>
  (terms, { x }) =>
    terms.call(op, [x!], x!.shape);
const binary =
  (op: string): KernelRule<Terms, Term> =>
  (terms, { a, b }) =>
    terms.call(op, [a!, b!], backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]));

export const RULES: KernelRules<Terms, Term> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Multiply'),
  Exp: unary('Exp'),
  Identity: (_, { x }) => x!,
  Cast: (_, { x }) => x!,
  Fill: (terms, _, { shape, value }: FillAttrs) => terms.call(`Fill ${value}`, [], shape),
  Reshape: (terms, { x }, { shape }: ReshapeAttrs) => terms.reshape(x!, shape),
  Sum: (terms, { x }, { axis }: SumAttrs) => {
    const axes = normaliseAxes(axis, x!.shape.length);
    return terms.call(
      'Sum',
      [x!],
      x!.shape.filter((_, i) => !axes.includes(i)),
    );
  },
  SplitV: (terms, { x }) => [0, 1].map((i) => terms.call(`Half${i}`, [x!], [x!.shape[0]! / 2])),
  /** A wrong rule: TensorFlow.js has no element type int64. */
  Floor: (terms, { x }) => terms.call('Floor', [x!], x!.shape, 'int64'),
};

export const tracer = new Tracer({ name: 'terms', rules: RULES, rulesPackage: 'test/terms.ts' });

/** Records a program. `texts` are the expressions of its outputs by name. */
export async function record(program: Program, by = tracer) {
  const terms = new Terms();
  const { outputs, ...recording } = await by.record(program, terms);
  const texts = Object.fromEntries(Object.entries(outputs).map(([name, { text }]) => [name, text]));
  const written: WrittenGraph = {
    model: Buffer.from(JSON.stringify([texts, terms.constants.map(({ data }) => [...data])])),
    nodeCount: Object.values(texts).join().split('(').length - 1,
    constants: terms.constants.map(({ shape, dtype, data }) => ({ shape, dtype, digest: data.join() })),
  };
  return { ...recording, texts, written };
}

/** Makes a program of one state entry and one input, both vectors of two elements. */
export const program = (run: Program['run']): Program => ({
  name: 'test',
  state: { w: { shape: [2], dtype: 'float32' } },
  inputs: { x: { shape: [2], dtype: 'float32' } },
  run,
});
