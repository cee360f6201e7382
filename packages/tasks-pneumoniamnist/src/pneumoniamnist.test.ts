import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constantModel, randomModel, testContext } from '@medbench/core/testing';
import { sharedData } from '@medbench/data/testing';
import { testProtocols } from '@medbench/evaluation/testing';
import { writeNpz } from '@medbench/formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PneumoniaMnist } from './index.js';

const real = sharedData('pneumoniamnist.npz');
if (!real) console.warn('PneumoniaMNIST was not found: tests on the real data set are skipped (set MEDBENCH_DATA).');

const makeContext = (dataRoot: string) =>
  testContext({ dataRoot, protocols: testProtocols(['zero-shot', 'linear-probe']) });

describe('PneumoniaMnist', () => {
  let root: string;
  const arrays = (label: number) =>
    Object.fromEntries(
      ['train', 'val', 'test'].flatMap((split) => [
        [`${split}_images`, { shape: [40, 28, 28], dtype: 'u1' as const, data: new Uint8Array(40 * 784).fill(9) }],
        [
          `${split}_labels`,
          { shape: [40, 1], dtype: 'u1' as const, data: Uint8Array.from({ length: 40 }, (_, i) => (i % 2) * label) },
        ],
      ]),
    );
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'medbench-pneumonia-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('gives a constant model the results of chance', async () => {
    await writeNpz(join(root, 'pneumoniamnist.npz'), arrays(1));
    const { results, synthetic } = await new PneumoniaMnist().evaluate(constantModel(), makeContext(root));
    expect(synthetic).toBe(false);
    expect(results.map(({ protocol }) => protocol)).toEqual(['zero-shot', 'linear-probe']);
    for (const { metrics } of results) {
      expect(metrics.balanced_accuracy!.value).toBe(0.5);
      expect(metrics.auc!.value).toBe(0.5);
    }
  });

  it('refuses labels that are not classes and names the file', async () => {
    await writeNpz(join(root, 'pneumoniamnist.npz'), arrays(2));
    await expect(new PneumoniaMnist().evaluate(randomModel(0), makeContext(root))).rejects.toThrow(
      /pneumoniamnist\.npz: row \d+ of train_labels holds 2, which is not one of 0 to 1/,
    );
  });

  it('refuses labels that are no whole numbers, or leaves their images out and counts them', async () => {
    const labels = (i: number): number => (i % 4 === 1 ? Number.NaN : i % 2);
    const floats = ['train', 'val', 'test'].flatMap((split) => [
      [
        `${split}_images`,
        { shape: [40, 2, 2], dtype: 'u1' as const, data: Uint8Array.from({ length: 160 }, (_, i) => i >> 2) },
      ] as const,
      [
        `${split}_labels`,
        { shape: [40, 1], dtype: 'f4' as const, data: Float32Array.from({ length: 40 }, (_, i) => labels(i)) },
      ] as const,
    ]);
    await writeNpz(join(root, 'pneumoniamnist.npz'), Object.fromEntries(floats));
    await expect(new PneumoniaMnist().open(makeContext(root))).rejects.toThrow(
      /row 1 of train_labels holds NaN, .*; so do 9 other rows, the next 5$/,
    );
    const skipped: string[] = [];
    const context = { ...makeContext(root), skipBad: true, skip: (message: string) => skipped.push(message) };
    const { test, notes } = await new PneumoniaMnist().open(context);
    expect(test.labels.filter((label) => label === 0)).toHaveLength(20);
    expect(test.labels.filter((label) => label === 1)).toHaveLength(10);
    // Each image keeps its own label: image i is grey level i.
    for (const [at, label] of test.labels.entries()) {
      const level = (await test.images.get(at)).data[0]!;
      expect(labels(level)).toBe(label);
    }
    expect(notes).toContain('left out: 10 of 40 test images, which cannot be used');
    expect(skipped).toHaveLength(30);
  });

  it('explains how to get the file if it is missing', async () => {
    await expect(new PneumoniaMnist().fingerprint(makeContext(join(root, 'none')))).rejects.toMatchObject({
      message: expect.stringContaining('pneumoniamnist.npz is not there'),
      hint: expect.stringContaining('--data'),
    });
  });
});

describe.skipIf(!real)('the real PneumoniaMNIST', () => {
  const context = makeContext(join(real ?? '', '..'));

  it('makes pairs of the training split with captions that name the label', async () => {
    const { pairs } = await new PneumoniaMnist().pairs(context);
    expect(pairs.length).toBe(4708);
    let pneumonia = 0;
    for (let i = 0; i < pairs.length; i++) if ((await pairs.get(i)).caption.includes('pneumonia')) pneumonia++;
    expect(pneumonia).toBe(3494);
  });

  it('gives a random model results near chance on the 624 test images', async () => {
    const { results } = await new PneumoniaMnist().evaluate(randomModel(1), context);
    for (const { n, metrics } of results) {
      expect(n).toBe(624);
      // Four standard errors of an AUC under the null, (n1 + n2 + 1) / (12 n1 n2).
      expect(Math.abs(metrics.auc!.value - 0.5)).toBeLessThan(4 * Math.sqrt(625 / (12 * 234 * 390)));
    }
  });
});
