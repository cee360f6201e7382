import { describe, expect, it } from 'vitest';
import { comparedPresets, type FoundPreset, findPresets, inheritSettings, mergePresets, presetIds } from './presets.js';

const preset = (id: string, config: Record<string, unknown>, further: Partial<FoundPreset> = {}): FoundPreset => ({
  id,
  title: id,
  package: `p-${id}`,
  config,
  ...further,
});
const base = preset('base', { methods: ['a', 'b'], training: { steps: 10, batchSize: 8 }, tasks: ['x'] });
const changed = preset('changed', { methods: ['c'], training: { steps: 20 } }, { extends: 'base', against: 'base' });
const small = preset('small', { training: { batchSize: 2 } });

describe('inheritSettings', () => {
  it('starts from the settings of the extended preset, at any depth, and replaces lists', () => {
    const further = preset('further', { training: { steps: 30 } }, { extends: 'changed' });
    const [, ...found] = inheritSettings([base, changed, further]);
    expect(found.map(({ config }) => config)).toEqual([
      { methods: ['c'], training: { steps: 20, batchSize: 8 }, tasks: ['x'] },
      { methods: ['c'], training: { steps: 30, batchSize: 8 }, tasks: ['x'] },
    ]);
  });

  it('names the package of a preset that extends an unknown one or, in the end, itself', () => {
    expect(() => inheritSettings([preset('a', {}, { extends: 'b' })])).toThrow(
      'The preset a of p-a extends b, which does not exist',
    );
    const circle = [preset('a', {}, { extends: 'b' }), preset('b', {}, { extends: 'a' })];
    expect(() => inheritSettings(circle)).toThrow('The preset b of p-b extends a, which extends it in turn');
  });
});

describe('findPresets', () => {
  const presets = inheritSettings([base, changed, small]);

  it('combines presets from left to right', () => {
    expect(mergePresets(findPresets(presets, 'base, small'))).toEqual({
      methods: ['a', 'b'],
      training: { steps: 10, batchSize: 2 },
      tasks: ['x'],
    });
    expect(mergePresets(findPresets(presets, 'small,base'))).toMatchObject({ training: { batchSize: 8 } });
    expect([undefined, null, ''].map((names) => presetIds(names))).toEqual([[], [], []]);
  });

  it('suggests the nearest preset', () => {
    expect(() => findPresets(presets, 'base,smal')).toThrow('Unknown preset "smal"');
  });

  it('names what a choice is compared with', () => {
    expect(comparedPresets(findPresets(presets, 'changed,small'))).toBe('base,small');
    expect(comparedPresets(findPresets(presets, 'base,small'))).toBeUndefined();
  });
});
