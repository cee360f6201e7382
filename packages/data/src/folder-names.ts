import { opendir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Listings kept at a time. The images of a folder usually follow each other. */
const KEPT = 1000;

/** The names in a folder, eight bytes each. */
export interface FolderNames {
  /** Whether the folder holds a name. */
  has(name: string): boolean;
}

/** Lists the names in a folder; none if there is no such folder. */
export async function folderNames(folder: string): Promise<FolderNames> {
  let hashes = new Float64Array(64);
  let count = 0;
  try {
    for await (const { name } of await opendir(folder, { bufferSize: 1024 })) {
      if (count === hashes.length) {
        const larger = new Float64Array(count * 2);
        larger.set(hashes);
        hashes = larger;
      }
      hashes[count++] = hash53(name);
    }
  } catch {
    count = 0;
  }
  const sorted = hashes.subarray(0, count).sort();
  return { has: (name) => contains(sorted, hash53(name)) };
}

/**
 * Tells whether files exist from one listing of each folder: asking for each of a million files takes minutes on a
 * network drive.
 */
export class Folders {
  readonly #listings = new Map<string, Promise<FolderNames>>();

  /** Whether the folder of a file lists its name. */
  async has(path: string): Promise<boolean> {
    const folder = dirname(path);
    let listing = this.#listings.get(folder);
    if (!listing) {
      const [oldest] = this.#listings.keys();
      if (this.#listings.size >= KEPT && oldest !== undefined) this.#listings.delete(oldest);
      listing = folderNames(folder);
      this.#listings.set(folder, listing);
    }
    return (await listing).has(basename(path));
  }
}

function contains(sorted: Float64Array, value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}

/**
 * A hash of 53 bits (cyrb53). Among three million names and as many files, a missing name passes for one that is there
 * once in a thousand data sets.
 */
function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 2 ** 21 * (b >>> 0) + (a >>> 11);
}
