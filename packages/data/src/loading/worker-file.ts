import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * The file of a package's worker, its export `./worker`. When run from source, as in tests, it is the bundle that
 * `tests/support/build-worker.ts` makes of the worker.
 * @param from URL of a module of that package; when run from source, one whose folder is two levels below the package.
 * @returns undefined when run from source without a bundle.
 */
export function workerFile(from: string, packageName: string): string | undefined {
  if (!from.endsWith('.ts')) return createRequire(from).resolve(`${packageName}/worker`);
  const built = fileURLToPath(new URL('../../node_modules/.cache/worker.js', from));
  return existsSync(built) ? built : undefined;
}
