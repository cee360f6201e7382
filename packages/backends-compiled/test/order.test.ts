import { elementCount } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { Builder } from '../src/graph/builder.js';
import { emit } from '../src/graph/emit.js';

const WIDE = [2 ** 14, 2 ** 12] as const;

/** The sum of squares of some values, the last made first in it, and the sum of two laid end to end. */
function sumOfSquares(shape: readonly number[]) {
  const builder = new Builder({});
  const x = builder.graph.input('x', { shape, dtype: 'float32' });
  const values = ['Sqrt', 'Exp', 'Sin', 'Cos'].map((op) => builder.unary(op, x));
  const squared = (value: (typeof values)[number]) =>
    builder.reduce('ReduceSum', builder.mul(value, value), [...value.shape.keys()], false);
  const [sqrt, exp, sin, cos] = values as [typeof x, typeof x, typeof x, typeof x];
  const size = elementCount(shape);
  const ends = builder.concat([builder.reshape(sqrt, [size]), builder.reshape(cos, [size])], 0);
  const norm = [squared(ends), squared(sin), squared(exp)].reduce(builder.add);
  return emit(builder.graph, { norm }).proto.nodes;
}

describe('the norm of gradients', () => {
  it('takes them in the order of their making in a large step, each part by itself', () => {
    const nodes = sumOfSquares(WIDE);
    const made = new Map(
      nodes.flatMap(({ op, inputs, outputs }) => outputs.map((name) => [name, { op, inputs }] as const)),
    );
    const sourceOf = (name: string): string => {
      const { op, inputs } = made.get(name)!;
      return ['ReduceSumSquare', 'Reshape'].includes(op) ? sourceOf(inputs[0]!) : op;
    };
    const termsOf = (name: string): string[] => {
      const { op, inputs } = made.get(name)!;
      return op === 'Add' ? inputs.flatMap(termsOf) : [sourceOf(name)];
    };
    expect(termsOf('norm')).toEqual(['Sqrt', 'Exp', 'Sin', 'Cos']);
    expect(nodes.map(({ op }) => op)).not.toContain('Concat');
    // Depth first, a chain that stands after its terms is computed term by term.
    const place = (op: string) => nodes.findIndex((node) => node.op === op);
    expect(place('Add')).toBeGreaterThan(nodes.findLastIndex((node) => node.op === 'ReduceSumSquare'));
  });

  it('is left alone in a small one', () => {
    expect(sumOfSquares([4, 4]).filter(({ op }) => op === 'ReduceSumSquare')).toHaveLength(3);
  });
});
