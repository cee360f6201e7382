import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { MedbenchError } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { findConfigFile, mergeTrees, parseSet, resolveConfig } from './index.js';

const catchFault = (act: () => unknown): MedbenchError => {
  try {
    act();
  } catch (error) {
    return error as MedbenchError;
  }
  throw new Error('nothing was thrown');
};

describe('resolveConfig', () => {
  it('merges defaults, preset, file and flags, later ones overriding earlier ones', () => {
    const config = resolveConfig({
      preset: { training: { steps: 1, batchSize: 8 } },
      file: { path: 'x', tree: { training: { steps: 2 } } },
      flags: { seeds: [5] },
    });
    expect(config.training).toMatchObject({ steps: 2, batchSize: 8, beta2: 0.98 });
    expect(config.seeds).toEqual([5]);
  });

  it('ignores the key $schema of a file, and refuses it elsewhere', () => {
    const file = { path: 'x', tree: { $schema: './node_modules/medbench/schema.json', seeds: [3] } };
    expect(resolveConfig({ file }).seeds).toEqual([3]);
    expect(catchFault(() => resolveConfig({ flags: { $schema: 'x' } })).code).toBe('config');
  });

  it('reports a misspelt key with the file and the nearest valid key', () => {
    const tree = { trainning: {}, training: { stepz: 3 } };
    const { code, message } = catchFault(() => resolveConfig({ file: { path: 'lab/medbench.config.json', tree } }));
    expect(code).toBe('config');
    expect(message).toContain('lab/medbench.config.json');
    expect(message).toContain('unknown setting "trainning", did you mean "training"?');
    expect(message).toContain('unknown setting "training.stepz", did you mean "steps"?');
  });

  it('reports all values that are out of bounds or of the wrong type at once', () => {
    const { message } = catchFault(() => resolveConfig({ flags: { training: { steps: -1, learningRate: 'fast' } } }));
    expect(message).toContain('"training.steps"');
    expect(message).toContain('"training.learningRate"');
  });
});

describe('parseSet', () => {
  it('reads the value as JSON if it parses, else as text', () => {
    expect(parseSet('training.steps=10')).toEqual({ training: { steps: 10 } });
    expect(parseSet('encoders.image=vit-small')).toEqual({ encoders: { image: 'vit-small' } });
    expect(parseSet('training.clipNorm=null')).toEqual({ training: { clipNorm: null } });
    expect(catchFault(() => parseSet('steps')).code).toBe('usage');
  });
});

describe('mergeTrees', () => {
  it('replaces arrays and merges objects', () => {
    expect(mergeTrees({ a: [1, 2], b: { c: 1, d: 2 } }, { a: [3], b: { d: 4 } })).toEqual({
      a: [3],
      b: { c: 1, d: 4 },
    });
  });
});

describe('findConfigFile', () => {
  it('reads the named file, and refuses one that does not parse or does not exist', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'medbench-config-'));
    writeFileSync(join(dir, 'good.json'), '{"seeds": [1]}');
    writeFileSync(join(dir, 'bad.json'), '{');
    expect((await findConfigFile(dir, 'good.json'))?.tree).toEqual({ seeds: [1] });
    await expect(findConfigFile(dir, 'bad.json')).rejects.toThrow('bad.json');
    await expect(findConfigFile(dir, 'none.json')).rejects.toThrow('There is no configuration file none.json');
    rmSync(dir, { recursive: true });
  });

  it.each(['medbench.config.json', 'medbench.config.yaml', '.medbenchrc', 'package.json'])(
    'finds %s at or above the folder',
    async (name) => {
      const dir = mkdtempSync(join(tmpdir(), 'medbench-config-'));
      mkdirSync(join(dir, 'below'));
      writeFileSync(join(dir, 'package.json'), '{"name": "lab"}');
      writeFileSync(join(dir, name), name === 'package.json' ? '{"medbenchConfig": {"seeds": [4]}}' : '{"seeds": [4]}');
      expect((await findConfigFile(join(dir, 'below')))?.tree).toEqual({ seeds: [4] });
      rmSync(dir, { recursive: true });
    },
  );

  it('reads TypeScript that imports packages and other files', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'medbench-config-'));
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    };
    write('package.json', '{"name": "lab"}');
    write('node_modules/library/package.json', '{"name": "library", "type": "module", "exports": "./index.js"}');
    write('node_modules/library/index.js', 'await Promise.resolve(); export const steps = 40;');
    write('seeds.ts', 'export enum Seed { First = 3 }');
    write(
      'medbench.config.ts',
      `import { steps } from 'library';
       import { Seed } from './seeds';
       interface Training { readonly steps: number }
       const training = { steps } satisfies Training;
       export default { seeds: [Seed.First] as const, training };`,
    );
    expect(await findConfigFile(dir)).toEqual({
      path: join(dir, 'medbench.config.ts'),
      tree: { seeds: [3], training: { steps: 40 } },
    });
    write('wrong.ts', 'export default {');
    await expect(findConfigFile(dir, 'wrong.ts')).rejects.toThrow(/The configuration wrong\.ts does not load/);
    rmSync(dir, { recursive: true });
  });
});

describe('values that occur twice', () => {
  it.each([
    [{ seeds: [0, 0, 0] }, /"seeds": holds 0 twice: a seed gives the same training each time/],
    [{ corpora: ['roco', 'roco'] }, /"corpora": holds roco twice: .* set mixture/],
  ])('are refused in %j, where they would count twice', (flags, message) =>
    expect(() => resolveConfig({ flags })).toThrow(message),
  );
});

describe('settings with hostile names or nesting', () => {
  const deep = (depth: number, leaf: (below: unknown) => unknown): unknown =>
    Array.from({ length: depth }).reduce(leaf, 1);

  it.each(['__proto__.x=1', 'mixture.__proto__=3', 'methodSettings.clip.__proto__=1', 'training.__proto__.steps=1'])(
    '%s is an unknown setting, as any other misspelt one',
    (text) => {
      expect(() => resolveConfig({ flags: parseSet(text) })).toThrow(
        expect.objectContaining({ code: 'config', message: expect.stringContaining('__proto__') }),
      );
      expect({}).not.toHaveProperty('x');
    },
  );

  it.each([
    ['a path', () => parseSet(`${'a.'.repeat(20_000)}b=1`)],
    ['lists', () => resolveConfig({ flags: parseSet(`seeds=${'['.repeat(9000)}${']'.repeat(9000)}`) })],
    ['objects', () => resolveConfig({ flags: { evaluation: { probe: deep(9000, (a) => ({ a })) } } })],
    ['objects in lists', () => resolveConfig({ flags: { evaluation: { probe: deep(9000, (a) => [{ a }]) } } })],
  ])('%s of thousands of levels are refused', (_, resolve) =>
    expect(resolve).toThrow(/The settings are nested more than 32 deep at "/),
  );
});
