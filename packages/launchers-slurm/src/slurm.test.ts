import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaunchRequest } from '@medbench/core';
import { afterEach, expect, it, vi } from 'vitest';
import { settings } from './settings.js';
import { Slurm } from './slurm.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-slurm-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const defaults = Object.fromEntries(Object.entries(settings).map(([name, spec]) => [name, spec.default]));

const REQUEST: LaunchRequest<typeof settings> = {
  units: async () => [
    { id: 'general', needs: [], done: true },
    { id: 'clip:0', needs: ['general'], done: false },
    { id: 'flip:0', needs: ['general'], done: false },
    { id: 'gather', needs: ['general', 'clip:0', 'flip:0'], done: false },
  ],
  settings: defaults as LaunchRequest<typeof settings>['settings'],
  command: (unit) => ['medbench', 'work', '--unit', unit!, folder],
  ...{ folder, files: join(folder, 'launcher/slurm'), cwd: folder, env: {} },
  room: { units: 2, cores: 1, memory: async () => 1 },
  observer: { message: () => {}, warning: () => {}, follow: () => ({ received: () => {}, ended: () => {} }) },
  signal: new AbortController().signal,
};

it('without SLURM, an error names the command that is not here and the way out', async () => {
  vi.stubEnv('PATH', folder);
  await expect(new Slurm().launch(REQUEST)).rejects.toMatchObject({
    message: 'sbatch is not here, so there is no SLURM to use',
    hint: expect.stringContaining('--launcher local'),
  });
});

it('units that are done are in no script', async () => {
  const printed = await new Slurm().preview(REQUEST);
  expect(printed.match(/^# .*\.sh.*$/gm)).toEqual([
    `# ${folder}/launcher/slurm/1/rows.sh`,
    `# ${folder}/launcher/slurm/1/gather.sh, after rows.sh`,
  ]);
  expect(printed).toContain('units=(\n  clip:0\n  flip:0\n)');
});
