import type { MethodInfo } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { describe, expect, it } from 'vitest';
import { selectRows } from './rows.js';

const method = (id: string, settings: MethodInfo['settings'] = {}) => ({
  kind: 'method',
  id,
  info: { id, title: id, question: 'transfer', extension: false, settings, source: 'x' },
  package: { name: `p-${id}`, version: '1.0.0' },
});
const catalogue = {
  entries: [
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
const idsOf = (...selectors: string[]) => rows(...selectors).map(({ id }) => id);

describe('rows from selectors', () => {
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
    [['paper'], ['clip', 'partial:tower=text:freeze=0.25']],
    [['partial,paper'], ['partial', 'clip', 'partial:tower=text:freeze=0.25']],
  ])('%j', (selectors, expected) => expect(idsOf(...selectors)).toEqual(expected));

  it('have the settings that they name, over those of the method and its defaults', () => {
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
    [['partial:freeze'], /"freeze" in the selector partial:freeze is no setting/],
    [[''], /No method is selected/],
  ])('that are wrong are refused: %j', (selectors, message) => expect(() => rows(...selectors)).toThrow(message));
});
