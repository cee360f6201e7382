import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkPlugin } from './check-plugin.js';

const dir = mkdtempSync(join(tmpdir(), 'medbench-check-'));
afterAll(() => rmSync(dir, { recursive: true }));

it('checkPlugin names reserved names of an objective, and faulty settings', async () => {
  const info = {
    id: 'start',
    title: 'Start',
    source: 'x',
    settings: { weight: { default: 1, description: 'x' }, width: { default: 0, min: 1, description: '' } },
  };
  writeFileSync(
    join(dir, 'package.json'),
    JSON.stringify({
      ...{ name: 'lab', version: '1.0.0', type: 'module', keywords: ['medbench-plugin'] },
      exports: { '.': './index.js', './package.json': './package.json' },
      medbench: { api: 1, entry: '.' },
    }),
  );
  writeFileSync(
    join(dir, 'index.js'),
    `export class Start {}
     const value = { api: 1, kind: 'objective', info: ${JSON.stringify(info)} };
     Object.defineProperty(Start, Symbol.for('medbench.plugin'), { value });`,
  );
  const faults = await checkPlugin(dir);
  expect(faults.map((fault) => fault.replace(/^class Start, /, '')).sort()).toEqual([
    'objective "start": the default of the setting "width" is 0, out of its bounds 1 to any; change one of them',
    'objective "start": the id is reserved in sums; rename it',
    'objective "start": the setting "width" has no description; write one',
    'objective "start": the setting name "weight" is reserved in sums; rename it',
  ]);
});
