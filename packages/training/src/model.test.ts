import { describe, expect, it } from 'vitest';
import { checkWeights } from './model.js';

const spec = (name: string, shape: number[]) => ({ name, shape, init: { kind: 'constant', value: 0 } }) as const;
const tensor = (shape: number[]) => ({ shape, dtype: 'float32', data: new Float32Array(0) }) as const;

describe('checkWeights', () => {
  const specs = [spec('visual.proj', [4, 2]), spec('text_projection', [3, 2])];

  it('accepts what fits', () => {
    checkWeights({ 'visual.proj': tensor([4, 2]), text_projection: tensor([3, 2]) }, specs, 'w.safetensors');
  });

  it('lists what is missing, unexpected and of another shape, and names the file', () => {
    const weights = { 'visual.proj': tensor([2, 4]), extra: tensor([1]) };
    expect(() => checkWeights(weights, specs, 'w.safetensors')).toThrow(
      'w.safetensors does not fit the model: visual.proj is [2,4], expected [4x2]; text_projection is missing; extra is unexpected',
    );
  });
});
