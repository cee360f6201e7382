import { resolve } from 'node:path';
import { EXIT } from '../errors.js';

/** `medbench data phantoms`. */
export async function dataPhantoms({ out, seed }: { out: string; seed: number }): Promise<number> {
  const { writePhantoms } = await import('@medbench/phantoms');
  const folder = resolve(out);
  await writePhantoms(folder, { seed, log: (message) => console.error(message) });
  console.log(folder);
  return EXIT.ok;
}
