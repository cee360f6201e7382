import type { DualEncoderModel, TowerStage } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { ClipPartial } from './index.js';

const tower = (prefix: string, blocks: number): TowerStage[] => [
  { name: 'embedding', kind: 'embedding', parameters: [`${prefix}patch`, `${prefix}positions`] },
  ...Array.from({ length: blocks }, (_, i) => ({
    name: `block ${i}`,
    kind: 'block' as const,
    parameters: [`${prefix}block${i}`],
  })),
  { name: 'head', kind: 'head', parameters: [`${prefix}proj`] },
];
const model = {
  stages: (which: 'image' | 'text') => (which === 'image' ? tower('visual.', 4) : tower('', 6)),
} as unknown as DualEncoderModel;
const frozen = (settings: { tower: 'image' | 'text'; freeze: number; blocks?: number }) =>
  new ClipPartial().frozen(model, { blocks: 'auto', ...settings });

describe('clip-partial', () => {
  it('freezes the embeddings and the first half of the image blocks by default', () => {
    expect(frozen({ tower: 'image', freeze: 0.5 })).toEqual([
      'visual.patch',
      'visual.positions',
      'visual.block0',
      'visual.block1',
    ]);
  });

  it('freezes five sixths of the text blocks at 5/6', () => {
    const names = frozen({ tower: 'text', freeze: 5 / 6 });
    expect(names).toContain('block4');
    expect(names).not.toContain('block5');
    expect(names).not.toContain('proj');
  });

  it('freezes a number of blocks if one is given', () => {
    const names = frozen({ tower: 'text', freeze: 0.5, blocks: 2 });
    expect(names).toContain('block1');
    expect(names).not.toContain('block2');
  });

  it('freezes nothing at 0 and the whole tower at 1', () => {
    expect(frozen({ tower: 'image', freeze: 0 })).toEqual([]);
    expect(frozen({ tower: 'image', freeze: 1 })).toContain('visual.proj');
  });
});
