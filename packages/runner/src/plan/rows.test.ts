import { type MethodInfo, rememberOrigin, use } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { describe, expect, it } from 'vitest';
import { resolveMethod } from './resolve.js';
import { selectRows } from './rows.js';
import { sumMethod } from './sum.js';

const method = (id: string, settings: MethodInfo['settings'] = {}) => ({
  kind: 'method',
  id,
  info: { id, title: id, question: 'transfer', extension: false, settings, source: 'x' },
  package: { name: `p-${id}`, version: '1.0.0' },
});
const objective = (id: string, settings: MethodInfo['settings'] = {}) => ({
  kind: 'objective',
  id,
  info: { id, title: id, settings, source: 'x' },
  package: { name: `p-${id}`, version: '1.0.0' },
});
const catalogue = {
  entries: [
    objective('clip'),
    objective('captioning', {
      layers: { default: 'auto', min: 1, type: 'integer', auto: true, description: 'x' },
    }),
    method('clip'),
    method('partial', {
      tower: { default: 'image', choices: ['image', 'text'], description: 'x' },
      freeze: { default: 0.5, min: 0, max: 1, description: 'x' },
      deep: { default: false, description: 'x' },
    }),
  ],
  presets: [{ id: 'paper', title: 'x', package: 'x', config: { methods: ['clip', 'partial:tower=text:freeze=0.25'] } }],
  packages: [],
  broken: [],
} as unknown as Catalogue;
const rows = (...selectors: string[]) => selectRows(catalogue, selectors, {});
const listIds = (...selectors: string[]) => rows(...selectors).map(({ id }) => id);

describe('selectRows', () => {
  it.each([
    [['all'], ['clip', 'partial']],
    [['clip,partial'], ['clip', 'partial']],
    [['clip', 'clip'], ['clip']],
    [['partial:freeze=0,0.25,1,clip'], ['partial:freeze=0', 'partial:freeze=0.25', 'partial:freeze=1', 'clip']],
    [
      ['partial:tower=image,text:freeze=0,1'],
      [
        'partial:tower=image:freeze=0',
        'partial:tower=image:freeze=1',
        'partial:tower=text:freeze=0',
        'partial:tower=text:freeze=1',
      ],
    ],
    // One row however its values are written and in whatever order.
    [['partial:freeze=0.5,0.50,5e-1'], ['partial:freeze=0.5']],
    [['partial:tower=text:freeze=0.5,partial:freeze=0.5:tower=text'], ['partial:tower=text:freeze=0.5']],
    [['paper'], ['clip', 'partial:tower=text:freeze=0.25']],
    [['partial,paper'], ['partial', 'clip', 'partial:tower=text:freeze=0.25']],
  ])('expands %j', (selectors, expected) => expect(listIds(...selectors)).toEqual(expected));

  it('lets the settings of a selector override those of the method and its defaults', () => {
    const [row] = selectRows(catalogue, ['partial:freeze=1:deep=true'], { partial: { freeze: 0.1, tower: 'text' } });
    expect(row!.settings).toEqual({ tower: 'text', freeze: 1, deep: true });
    expect(row!.entry.id).toBe('partial');
  });

  it.each([
    [['nope'], /Unknown method "nope"/],
    [['partial:frieze=1'], /Unknown setting of partial "frieze"/],
    [['partial:freeze=2'], /must lie in \[0, 1\]/],
    [['partial:freeze=half'], /must be a number/],
    [['partial:tower=left'], /must be one of image, text/],
    [['partial:freeze'], /"freeze" in the selector partial:freeze is not a setting/],
    [[':freeze=1'], 'The selector ":freeze=1" begins with a setting'],
    [[''], /No method is selected/],
  ])('refuses %j', (selectors, message) => expect(() => rows(...selectors)).toThrow(message));
});

describe('selectRows for sums of objectives', () => {
  it('reads weights, settings of objectives and the starting weights', () => {
    const [row] = rows('sum:clip=1:captioning=2:captioning.layers=3:start=scratch');
    expect(row).toMatchObject({
      id: 'sum:clip=1:captioning=2:captioning.layers=3:start=scratch',
      settings: { clip: 1, captioning: 2, 'captioning.layers': 3, start: 'scratch' },
      entry: {
        kind: 'method',
        info: {
          title: 'Sum of objectives: clip=1, captioning=2, captioning.layers=3, start=scratch',
          question: 'baseline',
          extension: true,
        },
      },
    });
    const method = sumMethod(row!.settings);
    expect(method.start).toBe('scratch');
    expect(method.objectives!(row!.settings)).toEqual([
      use('clip', { weight: 1 }),
      use('captioning', { weight: 2, layers: 3 }),
    ]);
    expect(sumMethod(rows('sum:clip=1')[0]!.settings).start).toBe('general');
  });

  it.each([
    [['sum:clip=1:captioning=0.1,0.3,1'], [0.1, 0.3, 1].map((weight) => `sum:clip=1:captioning=${weight}`)],
    [
      ['sum:captioning=1:captioning.layers=auto,2,partial:freeze=1'],
      ['sum:captioning=1:captioning.layers=auto', 'sum:captioning=1:captioning.layers=2', 'partial:freeze=1'],
    ],
    [['clip,sum:clip=1,sum:clip=2,sum:clip=1.0'], ['clip', 'sum:clip=1', 'sum:clip=2']],
    [
      ['all', 'sum:clip=0:captioning=1'],
      ['clip', 'partial', 'sum:clip=0:captioning=1'],
    ],
  ])('sweeps and combines %j as for other methods', (selectors, expected) =>
    expect(listIds(...selectors)).toEqual(expected),
  );

  it.each([
    ['sum:captoning=1', /^Unknown objective "captoning"$/],
    ['sum:clip=1:captoning.layers=1', /^Unknown objective "captoning"$/],
    ['sum:clip', /^"clip" in the selector sum:clip has no weight$/],
    ['sum:clip=', /^The weight of clip in sum:clip= must be a number of at least 0, not ""$/],
    ['sum:clip=-1', /must be a number of at least 0, not "-1"$/],
    ['sum:clip=much', /must be a number of at least 0, not "much"$/],
    ['sum:clip=0', /^sum:clip=0 has no objective whose weight is above 0$/],
    ['sum:start=scratch', /has no objective whose weight is above 0$/],
    ['sum', /has no objective whose weight is above 0$/],
    ['sum:clip=1:start=here', /^start in .* must be one of general, scratch, not here$/],
    ['sum:clip=1:clip=2', /gives clip twice$/],
    ['sum:clip=1:captioning.layers=2', /is a setting of captioning, which has no weight there$/],
    ['sum:captioning=1:captioning.layer=2', /^Unknown setting of captioning "layer"$/],
    ['sum:captioning=1:captioning.layers=0', /must lie in \[1, ∞\] or "auto", not 0$/],
  ])('refuses %s', (selector, message) => expect(() => rows(selector)).toThrow(message));

  it('suggests the nearest objective for an unknown one', () => {
    expect(() => rows('sum:captoning=1')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Did you mean "captioning"?') }),
    );
  });
});

describe('resolveMethod', () => {
  class Both {
    readonly start = 'general';
    objectives() {
      return [use('clip'), use('captioning', { weight: 0 })];
    }
  }
  const registry = (method: unknown) =>
    ({
      catalogue,
      get: async (kind: string) => (kind === 'method' ? method : { loss: () => ({}) }),
    }) as unknown as Registry;
  const [clip] = rows('clip');

  it('composes a method with the objectives that it uses, and returns their packages', async () => {
    const { method, objectives } = await resolveMethod(registry(new Both()), clip!.entry, {});
    expect(method.start).toBe('general');
    expect(objectives.map(({ package: { name, version } }) => `${name}@${version}`)).toEqual(['p-clip@1.0.0']);
    const [row] = rows('sum:captioning=1:clip=2');
    const sum = await resolveMethod(registry(undefined), row!.entry, row!.settings);
    expect(sum.objectives.map(({ id }) => id)).toEqual(['captioning', 'clip']);
  });

  it('names the method that uses an unknown objective', async () => {
    const method = { start: 'general', objectives: () => [use('clap')] };
    await expect(resolveMethod(registry(method), clip!.entry, {})).rejects.toMatchObject({
      message: 'Unknown objective "clap", used by the method clip of p-clip',
      hint: expect.stringContaining('Did you mean "clip"?'),
    });
  });

  it('names package and class of a method without any objective', async () => {
    const nothing = new (class Nothing {})();
    rememberOrigin(nothing, 'p-clip');
    await expect(resolveMethod(registry(nothing), clip!.entry, {})).rejects.toThrow(
      'Class Nothing of p-clip has neither objectives() nor objective()',
    );
  });
});
