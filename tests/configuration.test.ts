import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, temporaryFolder } from './support/cli.js';

const folder = temporaryFolder('configuration');
afterAll(() => folder.dispose());

/** A folder inside a project, whose configuration in TypeScript names a plugin by a path. */
const cwd = join(folder.path, 'notes/week-1');

beforeAll(() => {
  const write = (name: string, value: unknown): void => {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), typeof value === 'string' ? value : JSON.stringify(value));
  };
  mkdirSync(cwd, { recursive: true });
  write('package.json', { name: 'lab' });
  write('medbench.config.ts', "const plugins: string[] = ['./ours'];\nexport default { plugins };\n");
  write('other.json', { plugins: ['absent'] });
  write('ours/package.json', {
    name: 'ours',
    version: '1.0.0',
    exports: { '.': './index.js', './package.json': './package.json' },
    medbench: { api: 1, entry: '.', info: './medbench.json' },
  });
  write('ours/medbench.json', { presets: [], methods: [method('ours')] });
});

const method = (id: string) => ({ id, title: id, question: 'baseline', extension: true, settings: {}, source: 'test' });

describe('the configuration above the folder', () => {
  it('is read by list', async () => {
    const { stdout, stderr, code } = await medbench(['list', 'methods'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ours +baseline/m);
  });

  it.each(['plan --preset demo', 'list methods', 'list backends', 'doctor', 'check', 'data info vqa-rad'])(
    'is replaced by --config in %s',
    async (words) => {
      const { stderr, code } = await medbench([...words.split(' '), '--config', '../../other.json'], { cwd });
      expect(stderr).toContain('Plugin "absent", named in the configuration, is not installed');
      expect(code).toBe(2);
    },
  );
});
