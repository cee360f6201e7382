import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ensurePhantoms, type PhantomCounts, phantomManifest, writePhantoms } from '@medbench/phantoms';
import { inject } from 'vitest';

/** Enough for every protocol, in a sixth of the time of the whole set. */
const FEW: PhantomCounts = {
  phantoms: { train: 200, val: 40, test: 120 },
  shapes: { train: 200 },
  pneumonia: { train: 120, val: 40, test: 100 },
  vqaRad: { images: 40, train: 120, test: 60 },
  pathVqa: { train: 40, validation: 10, test: 20 },
  classes: { train: 40, val: 16, test: 24 },
  corpora: { train: 20, test: 10 },
};
/** How long a test waits for another one that writes the set. */
const PATIENCE_MS = 240_000;

/** A cache folder that all test files of a test run share. The first of them that needs the whole set writes it. */
export const sharedCache = (): string => join(inject('sharedFolder'), 'cache');

/**
 * Links generated data into a cache folder, so that a command finds it there and writes none. All test files of a test
 * run share one copy, which they must not change.
 * @param set `whole`: the set that the command writes. `few`: the same parts with fewer examples, under the manifest
 * of the whole set, since the command replaces any other set.
 * @returns the folder of the set.
 */
export async function providePhantoms(cacheRoot: string, set: 'whole' | 'few' = 'few'): Promise<string> {
  mkdirSync(cacheRoot, { recursive: true });
  const folder = join(cacheRoot, 'phantoms');
  symlinkSync(set === 'few' ? await fewPhantoms() : await ensurePhantoms(sharedCache()), folder, 'junction');
  shareGraphs(cacheRoot);
  return folder;
}

/**
 * Links the graphs that all test files of a test run share into a cache folder: each is compiled and compared with the
 * eager reference once.
 */
function shareGraphs(cacheRoot: string): void {
  const graphs = join(inject('sharedFolder'), 'graphs');
  mkdirSync(graphs, { recursive: true });
  if (!existsSync(join(cacheRoot, 'graphs'))) symlinkSync(graphs, join(cacheRoot, 'graphs'), 'junction');
}

async function fewPhantoms(): Promise<string> {
  const folder = join(inject('sharedFolder'), 'few');
  const written = `${folder}.written`;
  const deadline = performance.now() + PATIENCE_MS;
  try {
    mkdirSync(folder);
  } catch {
    while (!existsSync(written)) {
      if (performance.now() > deadline) throw new Error(`Another test did not finish writing ${folder}`);
      await setTimeout(100);
    }
    return folder;
  }
  await writePhantoms(folder, { counts: FEW });
  writeFileSync(join(folder, 'PHANTOM.json'), JSON.stringify(phantomManifest(), null, 2));
  writeFileSync(written, '');
  return folder;
}
