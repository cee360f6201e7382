import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constantModel, randomModel, testContext } from '@medbench/core/testing';
import { testProtocols } from '@medbench/evaluation/testing';
import { writeNpz } from '@medbench/formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChestMnist } from './index.js';

const METRIC = { 'zero-shot': 'auc', 'linear-probe': 'auc' };
const makeContext = (dataRoot: string) =>
  testContext({ dataRoot, protocols: testProtocols(['zero-shot', 'linear-probe'], { metric: METRIC }) });
/** Whether image `i` has label `k`: label 13 of no image, the others of every (k + 2)nd. */
const has = (i: number, k: number): number => (k < 13 && i % (k + 2) === 0 ? 1 : 0);

describe('ChestMnist', () => {
  let root: string;
  const arrays = (label = has, columns = 14) =>
    Object.fromEntries(
      ['train', 'val', 'test'].flatMap((split) => [
        [`${split}_images`, { shape: [60, 28, 28], dtype: 'u1' as const, data: new Uint8Array(60 * 784).fill(9) }],
        [
          `${split}_labels`,
          {
            shape: [60, columns],
            dtype: 'u1' as const,
            data: Uint8Array.from({ length: 60 * columns }, (_, i) => label(Math.floor(i / columns), i % columns)),
          },
        ],
      ]),
    );
  const write = (content: Parameters<typeof writeNpz>[1]) => writeNpz(join(root, 'chestmnist.npz'), content);
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'medbench-chest-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('gives a constant model the results of chance, without the label that no image has', async () => {
    await write(arrays());
    const { results, synthetic } = await new ChestMnist().evaluate(constantModel(), makeContext(root));
    expect(synthetic).toBe(false);
    expect(results.map(({ protocol, n }) => [protocol, n])).toEqual([
      ['zero-shot', 60],
      ['linear-probe', 60],
    ]);
    const shares = Array.from({ length: 13 }, (_, k) => Math.ceil(60 / (k + 2)) / 60);
    for (const { metrics, notes } of results) {
      expect(metrics.auc!.value).toBe(0.5);
      expect(metrics.mean_ap!.value).toBeCloseTo(shares.reduce((sum, share) => sum + share, 0) / 13, 12);
      expect(notes).toContain('no AUROC of labels that no image or every image has: hernia');
    }
  });

  it('counts the images of each label and names all labels in a caption', async () => {
    await write(arrays());
    const { splits } = await new ChestMnist().inspect(makeContext(root));
    expect(splits.test!.examples).toBe(60);
    expect(splits.test!.classes).toEqual(Array.from({ length: 14 }, (_, k) => (k < 13 ? Math.ceil(60 / (k + 2)) : 0)));
    const { pairs } = await new ChestMnist().pairs(makeContext(root));
    // 6 is divisible by 2, 3 and 6; 1 by no number from 2 on.
    expect((await pairs.get(6)).caption).toContain('atelectasis, an enlarged heart and a lung mass');
    expect((await pairs.get(1)).caption).toContain('no finding');
  });

  it('refuses labels other than 0 and 1, and another number of labels, and names the file', async () => {
    await write(arrays((i, k) => 2 * has(i, k)));
    await expect(new ChestMnist().evaluate(randomModel(0), makeContext(root))).rejects.toThrow(
      /chestmnist\.npz: row \d+ of train_labels holds 2, which is not one of 0 to 1/,
    );
    await write(arrays(has, 13));
    await expect(new ChestMnist().evaluate(randomModel(0), makeContext(root))).rejects.toThrow(
      /chestmnist\.npz: train_labels has 780 labels for 60 images of 14 each/,
    );
  });
});
