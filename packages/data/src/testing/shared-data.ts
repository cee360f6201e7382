import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of a real data set for tests: `name` in the folder `MEDBENCH_DATA`, else in `../shared/data` beside the
 * repository root. If it is not there, says so on stderr and returns undefined: such a test is to be skipped
 * (`it.skipIf(path === undefined)`).
 */
export function sharedData(name: string): string | undefined {
  const folder = process.env.MEDBENCH_DATA ?? besideRepository();
  const path = folder === undefined ? undefined : join(folder, name);
  if (path !== undefined && existsSync(path)) return path;
  console.warn(
    `Skipped: real data "${name}" is not there. Name its folder with the environment variable MEDBENCH_DATA.`,
  );
  return undefined;
}

function besideRepository(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return join(dirname(folder), 'shared', 'data');
  }
  return undefined;
}
