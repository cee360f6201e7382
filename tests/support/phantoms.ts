import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type PhantomCounts, phantomManifest, writePhantoms } from '@medbench/phantoms';
import { inject } from 'vitest';

/** Few examples of what is not listed in a set, in all parts of the set that the command writes. */
const FEW = {
  pneumonia: { train: 120, val: 40, test: 100 },
  vqaRad: { images: 40, train: 120, test: 60 },
  pathVqa: { train: 40, validation: 10, test: 20 },
  classes: { train: 40, val: 16, test: 24 },
  corpora: { train: 20, test: 10 },
};
/**
 * `few` is enough for every protocol; `pairs` has all pairs of the phantoms and shapes; `classes` as many images of each task
 * of classification as the command writes.
 */
const SETS = {
  few: { ...FEW, phantoms: { train: 200, val: 40, test: 120 }, shapes: { train: 200 } },
  pairs: FEW,
  classes: {
    phantoms: { train: 5, val: 5, test: 5 },
    shapes: { train: 1 },
    pneumonia: { train: 160, val: 40, test: 100 },
    vqaRad: { images: 4, train: 12, test: 4 },
    pathVqa: { train: 4, validation: 2, test: 2 },
    corpora: { train: 4, test: 4 },
  },
} as const satisfies Readonly<Record<string, Partial<PhantomCounts>>>;
/** How long a test waits for another one that writes a set. */
const PATIENCE_MS = 240_000;

/** Provides the set `pairs` in a cache folder that all test files of a test run share. @returns the cache folder. */
export async function sharedCache(): Promise<string> {
  const cacheRoot = join(inject('sharedFolder'), 'cache');
  mkdirSync(cacheRoot, { recursive: true });
  link(await sharedPhantoms('pairs'), join(cacheRoot, 'phantoms'));
  return cacheRoot;
}

/**
 * Links generated data into a cache folder, so that a command finds it there and writes none. All test files of a test
 * run share one copy, which they must not change. It has the manifest of the whole set, since the command replaces any
 * other set.
 * @param parts the files and folders of the set to provide, as if no other had been drawn. Default: all.
 * @returns the folder of the set.
 */
export async function providePhantoms(
  cacheRoot: string,
  set: keyof typeof SETS = 'few',
  parts?: readonly string[],
): Promise<string> {
  mkdirSync(cacheRoot, { recursive: true });
  const folder = join(cacheRoot, 'phantoms');
  const shared = await sharedPhantoms(set);
  if (parts) {
    mkdirSync(folder);
    for (const name of ['GENERATED.txt', ...parts]) link(join(shared, name), join(folder, name));
    writeFileSync(join(folder, 'PHANTOM.json'), JSON.stringify({ ...phantomManifest(), parts }));
  } else link(shared, folder);
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
  link(graphs, join(cacheRoot, 'graphs'));
}

/** Links a folder, unless the link is there. */
function link(target: string, path: string): void {
  try {
    symlinkSync(target, path, 'junction');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Provides a set that all test files of a test run share, and must not change; the first that asks writes it.
 * @returns its folder.
 */
export async function sharedPhantoms(set: keyof typeof SETS): Promise<string> {
  const folder = join(inject('sharedFolder'), set);
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
  await writePhantoms(folder, { counts: SETS[set] });
  writeFileSync(join(folder, 'PHANTOM.json'), JSON.stringify(phantomManifest(), null, 2));
  writeFileSync(written, '');
  return folder;
}
