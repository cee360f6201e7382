import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * The file of a package's worker, its export `./worker`. Run from source, as tests are, it is what
 * `tests/support/build-worker.ts` made of it.
 * @param from URL of a module of that package: two folders below its own when run from source.
 * @returns undefined if it runs from source and nothing was made.
 */
export function workerFile(from: string, packageName: string): string | undefined {
  if (!from.endsWith('.ts')) return createRequire(from).resolve(`${packageName}/worker`);
  const built = fileURLToPath(new URL('../../node_modules/.cache/worker.js', from));
  return existsSync(built) ? built : undefined;
}
