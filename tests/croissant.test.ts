// The Croissant metadata of every task and corpus, beside the checker of MLCommons.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openWorkspace } from '@medbench/api/workspace';
import { entriesOfKind } from '@medbench/core/catalogue';
import { croissant } from '@medbench/runner';
import { describe, expect, it } from 'vitest';
import { repository } from './support/cli.js';
import { pythonWith } from './support/python.js';

const python = pythonWith('mlcroissant');

const { catalogue } = await openWorkspace(repository);
const descriptions = Object.fromEntries([
  ...entriesOfKind(catalogue, 'corpus').map((entry) => [`corpus ${entry.id}`, croissant(entry)] as const),
  ...entriesOfKind(catalogue, 'task').map((entry) => [`task ${entry.id}`, croissant(entry)] as const),
]);

describe('Croissant metadata', () => {
  it('of every task and corpus has what a data set must have, and names nothing twice', () => {
    expect(Object.keys(descriptions).length).toBeGreaterThan(40);
    for (const [name, described] of Object.entries(descriptions)) {
      for (const property of ['name', 'description', 'license', 'conformsTo']) {
        expect(described[property], `${name}: ${property}`).toMatch(/\S/);
      }
      const ids = JSON.stringify(described).match(/"@type":"cr:\w+","@id":"[^"]+"/g) ?? [];
      expect(new Set(ids).size, name).toBe(ids.length);
    }
  });

  it.skipIf(!python)('is valid for the checker of MLCommons (skipped without a Python that has mlcroissant)', () => {
    const { stdout, stderr, status } = spawnSync(python!, [join(repository, 'scripts/oracles/croissant.py')], {
      input: JSON.stringify(descriptions),
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({});
  });
});
