import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { docs } from './files.mjs';

const command = join(dirname(createRequire(import.meta.url).resolve('medbench/package.json')), 'bin/medbench.js');

/** Runs the built `medbench` command. @returns its standard output. */
export const medbench = (...args) =>
  execFileSync(process.execPath, [command, ...args], {
    cwd: `${docs}..`,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1' },
  });

/** Lists the plugins of a kind, as `medbench list KIND --json` prints them. */
export const list = (kind) => JSON.parse(medbench('list', kind, '--json'));
