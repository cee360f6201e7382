import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '@medbench/core/testing';
import { classCase, writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pcam } from './index.js';

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-pcam-'));
  const none = { train: 0, val: 0, test: 0 };
  await writePhantoms(root, {
    counts: {
      phantoms: none,
      shapes: { train: 0 },
      pneumonia: none,
      vqaRad: { images: 0, train: 0, test: 0 },
      classes: { train: 6, val: 2, test: 4 },
    },
  });
});
afterAll(() => rmSync(root, { recursive: true }));

describe('PCam', () => {
  it('reads images with their labels from compressed files as they were written', async () => {
    const { train, val, test } = await new Pcam().open(testContext({ dataRoot: root }));
    expect([train.labels.length, val!.labels.length, test.labels.length]).toEqual([6, 2, 4]);
    const look = { modality: 'histopathology', classes: 2, focal: true } as const;
    for (let i = 0; i < 4; i++) {
      const image = await test.images.get(i);
      expect(image).toEqual(classCase(0, 'pcam/test', i, test.labels[i]!, look).render(96));
    }
  });

  it('names a missing file', async () => {
    await expect(new Pcam().open(testContext({ dataRoot: join(root, 'none') }))).rejects.toThrow(
      /camelyonpatch_level_2_split_train_x\.h5 is not there \(nor is .*_x\.h5\.gz\)/,
    );
  });
});
