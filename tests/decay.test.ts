// Which parameters decay (`training.decay`), on towers of full size and in a step.
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { countParameters, decays, dualEncoder, historicDecays } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';
import { createRow, largestDifference, trainOn } from './support/methods.js';

const { parameters } = dualEncoder(
  vitModel({ id: 'vit-b-16', imageSize: 224, patchSize: 16, width: 768, layers: 12, embedDim: 512 }),
  gptModel({ id: 'gpt-77', contextLength: 77, vocabSize: 49_408, width: 512, layers: 12, embedDim: 512 }),
);
type Rule = typeof decays;
const decayed = (rule: Rule) => parameters.filter(({ name, shape }) => rule(name, shape));
const POSITIONS = ['visual.positional_embedding', 'positional_embedding'];

/** Matrices of a block: queries, keys and values, the output, and both layers of the perceptron. */
const blockMatrices = (width: number): number => (3 + 1 + 4 + 4) * width ** 2;

describe('the decay of ViT-B/16 and GPT-77', () => {
  it('covers every matrix and nothing else by the historic rule', () => {
    const image = 16 * 16 * 3 * 768 + 197 * 768 + 12 * blockMatrices(768) + 768 * 512;
    const text = 49_408 * 512 + 77 * 512 + 12 * blockMatrices(512) + 512 * 512;
    expect(countParameters(decayed(historicDecays))).toBe(image + text);
    expect(decayed(historicDecays).some(({ name }) => /bias|ln_|class_embedding|logit_scale/.test(name))).toBe(false);
  });

  it('leaves the two position tables out by the current rule', () => {
    const current = new Set(decayed(decays).map(({ name }) => name));
    const without = decayed(historicDecays).filter(({ name }) => !current.has(name));
    expect(without.map(({ name }) => name)).toEqual(POSITIONS);
    expect(current.size + 2).toBe(decayed(historicDecays).length);
  });

  it('spares a matrix whose name has bn, ln, bias or logit_scale, by the historic rule', () => {
    for (const name of ['bn.table', 'x.ln.table', 'bias_table', 'own.logit_scale'])
      expect(historicDecays(name, [2, 2]), name).toBe(false);
    expect(historicDecays('vector', [4])).toBe(false);
  });
});

describe('training.decay', () => {
  it('changes a step by the decay of the position tables alone', async () => {
    const settings = { warmup: 0, learningRate: 0.01, weightDecay: 0.5 } as const;
    const [, backend] = backends[0]!;
    const [historic, current] = await Promise.all(
      (['historic', 'current'] as const).map((decay) =>
        trainOn(backend, createRow(Clip, {}, { ...settings, decay }), 1, { selfCheck: false }),
      ),
    );
    const { start } = createRow(Clip, {}, settings);
    for (const [name, value] of Object.entries(current!.weights)) {
      const other = historic!.weights[name]!;
      if (!POSITIONS.includes(name)) expect(largestDifference(value, other), name).toBe(0);
      else {
        const difference = Array.from(value.data, (x, i) => x - other.data[i]! - 0.01 * 0.5 * start[name]!.data[i]!);
        expect(Math.max(...difference.map(Math.abs)), name).toBeLessThan(1e-7);
      }
    }
  });
});
