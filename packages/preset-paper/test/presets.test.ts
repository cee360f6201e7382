import { readFileSync } from 'node:fs';
import { resolveConfig } from '@medbench/runner';
import { describe, expect, it } from 'vitest';

const { medbench } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

describe('presets', () => {
  it.each(medbench.presets as { id: string; config: Record<string, unknown> }[])(
    '$id has valid settings',
    ({ config }) => {
      expect(() => resolveConfig({ preset: config })).not.toThrow();
    },
  );

  it("paper has the settings of the study's code (AdamW 5e-5, 0.9/0.98, 1e-6, 0.1, cosine, no warm-up)", () => {
    const { config } = medbench.presets.find(({ id }: { id: string }) => id === 'paper');
    expect(resolveConfig({ preset: config })).toMatchObject({
      encoders: { image: 'vit-b-16', text: 'gpt-77' },
      model: { embedDim: 512, merges: null },
      training: { learningRate: 5e-5, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.1, warmup: 0 },
    });
  });
});
