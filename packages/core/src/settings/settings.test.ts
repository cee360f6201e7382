import { describe, expect, expectTypeOf, it } from 'vitest';
import type { SettingsOf } from '../contracts/settings.js';
import {
  boolean,
  choice,
  defineSettings,
  integer,
  number,
  numbers,
  parseSetting,
  resolveSettings,
  text,
} from './index.js';

const description = 'x';
const settings = defineSettings({
  weight: number({ default: 1, min: 0, max: 2, description }),
  hidden: integer({ min: 1, description }).orAuto(),
  depth: integer({ default: 6, min: 1, description }).orAuto(),
  target: choice(['view', 'pixels'], { default: 'view', description }),
  flip: boolean({ default: false, description }),
  grid: numbers({ default: [0.1, 1], min: 0, description }),
  name: text({ default: 'a', description }),
});
const info = { id: 'it', settings };
const resolve = (values: Parameters<typeof resolveSettings>[2]) => resolveSettings('methodSettings', info, values);

describe('declared settings', () => {
  it('are typed values', () => {
    expectTypeOf<SettingsOf<typeof settings>>().toEqualTypeOf<{
      readonly weight: number;
      readonly hidden: number | 'auto';
      readonly depth: number | 'auto';
      readonly target: 'view' | 'pixels';
      readonly flip: boolean;
      readonly grid: readonly number[];
      readonly name: string;
    }>();
  });

  it('are plain data', () => {
    expect(JSON.parse(JSON.stringify(settings))).toEqual({
      weight: { default: 1, min: 0, max: 2, description, type: 'number' },
      hidden: { default: 'auto', min: 1, description, type: 'integer', auto: true },
      depth: { default: 6, min: 1, description, type: 'integer', auto: true },
      target: { default: 'view', choices: ['view', 'pixels'], description, type: 'choice' },
      flip: { default: false, description, type: 'boolean' },
      grid: { default: [0.1, 1], min: 0, description, type: 'numbers' },
      name: { default: 'a', description, type: 'text' },
    });
  });
});

describe('values', () => {
  it('of a distinct list may not occur twice', () => {
    const shots = {
      id: 'probe',
      settings: defineSettings({ shots: numbers({ default: [], distinct: true, description }) }),
    };
    expect(resolveSettings('evaluation', shots, { shots: [1, 4] })).toEqual({ shots: [1, 4] });
    expect(() => resolveSettings('evaluation', shots, { shots: [1, 4, 1] })).toThrow(
      'evaluation.probe.shots must hold each value once, not 1 twice',
    );
    // Layers may well have one width.
    expect(resolve({ grid: [1, 1] }).grid).toEqual([1, 1]);
  });

  it.each(['__proto__', 'constructor', 'toString'])('of the undeclared name %s are refused', (name) =>
    expect(() => resolveSettings('methodSettings', info, Object.fromEntries([[name, 1]]))).toThrow(
      `Unknown setting of it "${name}"`,
    ),
  );

  it('of a text may be given as a whole number, as --set reads 16000', () => {
    expect(resolve({ name: 16_000 }).name).toBe('16000');
    // A choice among texts may not, whether it says its type or not.
    const fit = { id: 'fit', settings: { solver: { default: 'lbfgs', choices: ['lbfgs', '3'], description } } };
    expect(() => resolveSettings('evaluation', fit, { solver: 3 })).toThrow(
      'evaluation.fit.solver must be a string, not 3',
    );
    expect(() => resolve({ name: 1.5 })).toThrow('methodSettings.it.name must be a string, not 1.5');
    expect(() => resolve({ target: 3 })).toThrow('methodSettings.it.target must be a string, not 3');
  });

  it('are the defaults, overridden by the given values', () => {
    const defaults = { weight: 1, hidden: 'auto', depth: 6, target: 'view', flip: false, grid: [0.1, 1], name: 'a' };
    expect(resolve({})).toEqual(defaults);
    expect(resolve({ hidden: 32, depth: 'auto', grid: [3] })).toEqual({
      ...defaults,
      hidden: 32,
      depth: 'auto',
      grid: [3],
    });
  });

  it.each([
    [{ weight: 'half' }, 'methodSettings.it.weight must be a number, not "half"'],
    [{ weight: 3 }, 'methodSettings.it.weight must lie in [0, 2], not 3'],
    [{ weight: 'auto' }, 'methodSettings.it.weight must be a number, not "auto"'],
    [{ hidden: 1.5 }, 'methodSettings.it.hidden must be a whole number or "auto", not 1.5'],
    [{ hidden: 0 }, 'methodSettings.it.hidden must lie in [1, ∞] or "auto", not 0'],
    [{ target: 'left' }, 'methodSettings.it.target must be one of view, pixels, not left'],
    [{ target: 3 }, 'methodSettings.it.target must be a string, not 3'],
    [{ flip: 'yes' }, 'methodSettings.it.flip must be a boolean, not "yes"'],
    [{ grid: 3 }, 'methodSettings.it.grid must be a list of numbers, not 3'],
    [{ grid: [1, -1] }, 'methodSettings.it.grid must lie in [0, ∞], not -1'],
    [{ nome: 'b' }, 'Unknown setting of it "nome"'],
  ])('with a fault are refused: %j', (values, message) => expect(() => resolve(values)).toThrow(message));

  it('of a setting without a type must have the type of its default', () => {
    const plain = { id: 'it', settings: { n: { default: 1, description }, s: { default: 'a', description } } };
    expect(resolveSettings('taskSettings', plain, { n: 1.5, s: 'b' })).toEqual({ n: 1.5, s: 'b' });
    expect(() => resolveSettings('taskSettings', plain, { n: 'b' })).toThrow(
      'taskSettings.it.n must be a number, not "b"',
    );
  });

  it('are converted from typed text', () => {
    expect(parseSetting(settings.weight, '1e-1')).toBe(0.1);
    expect(parseSetting(settings.hidden, 'auto')).toBe('auto');
    expect(parseSetting(settings.hidden, '32')).toBe(32);
    expect(parseSetting(settings.flip, 'true')).toBe(true);
    expect(parseSetting(settings.grid, '3')).toEqual([3]);
    expect(parseSetting(settings.name, '3')).toBe('3');
  });
});
