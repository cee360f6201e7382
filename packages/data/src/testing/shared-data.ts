import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export { deepGreyPng } from './deep-grey-png.js';

/**
 * Path of a real data set for tests: `name` in the folder that `MEDBENCH_DATA` names, else in `../shared/data` beside
 * the repository root. If the data is missing, warns on stderr and returns undefined: the test is then to be skipped
 * (`it.skipIf(path === undefined)`).
 */
export function sharedData(name: string): string | undefined {
  const folder = process.env.MEDBENCH_DATA ?? besideRepository();
  const path = folder === undefined ? undefined : join(folder, name);
  if (path !== undefined && existsSync(path)) return path;
  console.warn(`Skipped: real data "${name}" is not there. Set MEDBENCH_DATA to the folder that holds it.`);
  return undefined;
}

function besideRepository(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return join(dirname(folder), 'shared', 'data');
  }
  return undefined;
}
