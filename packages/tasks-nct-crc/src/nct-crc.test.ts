import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constantModel, testContext } from '@medbench/core/testing';
import { encodeTiff } from '@medbench/data';
import { testProtocols } from '@medbench/evaluation/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NctCrc } from './index.js';

const CODES = ['ADI', 'BACK', 'DEB', 'LYM', 'MUC', 'MUS', 'NORM', 'STR', 'TUM'];
let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-nct-'));
  const bytes = await encodeTiff({ width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(7) });
  for (const [set, count] of [
    ['NCT-CRC-HE-100K', 3],
    ['CRC-VAL-HE-7K', 2],
  ] as const) {
    for (const [k, code] of CODES.entries()) {
      const folder = join(root, 'nct-crc', set, code);
      mkdirSync(folder, { recursive: true });
      // Each class has one image more than the class before, so that the counts identify the classes.
      for (let i = 0; i < count + k; i++) writeFileSync(join(folder, `${code}-${i}.tif`), bytes);
    }
  }
});
afterAll(() => rmSync(root, { recursive: true }));

describe('NCT-CRC-HE', () => {
  const context = (settings = {}) =>
    testContext({ dataRoot: root, settings, protocols: testProtocols(['zero-shot', 'linear-probe']) });

  it('leaves background out, so that debris is class 1', async () => {
    const { splits } = await new NctCrc().inspect(context());
    expect(splits.train!.classes).toEqual([3, 5, 6, 7, 8, 9, 10, 11]);
    expect(splits.test!.classes).toEqual([2, 4, 5, 6, 7, 8, 9, 10]);
    const { results } = await new NctCrc().evaluate(constantModel(), context());
    for (const { n, metrics } of results) {
      expect(n).toBe(51);
      expect(metrics.balanced_accuracy!.value).toBeCloseTo(1 / 8, 12);
    }
  });

  it('keeps background as the ninth class if the setting says so', async () => {
    const settings = { background: 'keep' };
    expect((await new NctCrc().inspect(context(settings))).splits.test!.classes).toHaveLength(9);
    const { results } = await new NctCrc().evaluate(constantModel(), context(settings));
    for (const { metrics } of results) expect(metrics.balanced_accuracy!.value).toBeCloseTo(1 / 9, 12);
    const { pairs } = await new NctCrc().pairs(context(settings));
    expect((await pairs.get(3)).caption).toContain('empty background');
    expect((await (await new NctCrc().pairs(context())).pairs.get(3)).caption).toContain('cellular debris');
  });

  it('uses the templates that the setting selects: its own five, or four', async () => {
    const embeddedTexts: string[][] = [];
    const model = {
      ...constantModel(),
      embedTexts: async (texts: readonly string[]) => {
        embeddedTexts.push([...texts]);
        return constantModel().embedTexts(texts);
      },
    };
    for (const prompts of ['own', 'histology-everywhere']) await new NctCrc().evaluate(model, context({ prompts }));
    expect(embeddedTexts[0]).toHaveLength(8 * 5);
    expect(embeddedTexts[1]).toHaveLength(8 * 4);
  });
});
