import { elementCount } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { Builder } from '../src/graph/builder.js';
import { emit } from '../src/graph/emit.js';

const WIDE = [2 ** 14, 2 ** 12] as const;

/**
 * The nodes of a sum of squares. Its terms are two values concatenated, then two values in reverse order of recording.
 */
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
  it('sums in the order of recording in a large step, with concatenated values as separate terms', () => {
    const nodes = sumOfSquares(WIDE);
    const producers = new Map(
      nodes.flatMap(({ op, inputs, outputs }) => outputs.map((name) => [name, { op, inputs }] as const)),
    );
    const findSource = (name: string): string => {
      const { op, inputs } = producers.get(name)!;
      return ['ReduceSumSquare', 'Reshape'].includes(op) ? findSource(inputs[0]!) : op;
    };
    const listTerms = (name: string): string[] => {
      const { op, inputs } = producers.get(name)!;
      return op === 'Add' ? inputs.flatMap(listTerms) : [findSource(name)];
    };
    expect(listTerms('norm')).toEqual(['Sqrt', 'Exp', 'Sin', 'Cos']);
    expect(nodes.map(({ op }) => op)).not.toContain('Concat');
    // In a depth-first order, a chain of additions written after its terms is computed term by term.
    const firstIndex = (op: string) => nodes.findIndex((node) => node.op === op);
    expect(firstIndex('Add')).toBeGreaterThan(nodes.findLastIndex((node) => node.op === 'ReduceSumSquare'));
  });

  it('is unchanged in a small step', () => {
    expect(sumOfSquares([4, 4]).filter(({ op }) => op === 'ReduceSumSquare')).toHaveLength(3);
  });
});
