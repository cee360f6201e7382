import { availableParallelism } from 'node:os';
import { workerFile } from '@medbench/data';
import { Tinypool } from 'tinypool';
import type { PhantomManifest } from '../manifest.js';
import { PARTS } from './parts.js';
import type { PartJob } from './worker.js';

/** Most threads: each may hold some hundred megabytes of images. */
const MOST_THREADS = 4;

/** Writes parts of the set into a folder, on all cores. The files do not depend on the number of threads. */
export async function writeParts(folder: string, manifest: PhantomManifest, parts: readonly string[]): Promise<void> {
  const filename = workerFile(import.meta.url, '@medbench/phantoms');
  const threads = Math.min(MOST_THREADS, availableParallelism());
  if (filename === undefined || threads < 2) {
    for (const part of parts) await PARTS[part]!(folder, manifest);
    return;
  }
  // Flags of this process, such as those of a test runner, are not meant for the threads.
  const pool = new Tinypool({ filename, execArgv: [], minThreads: threads, maxThreads: threads, useAtomics: false });
  try {
    await Promise.all(parts.map((part) => pool.run({ part, folder, manifest } satisfies PartJob)));
  } finally {
    await pool.destroy();
  }
}
