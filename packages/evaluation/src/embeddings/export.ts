import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hashBytes, MedbenchError, unwritableError, writeFileAtomic } from '@medbench/core';
import { arrayFile, arrayName, readManifest, writeManifest } from './files.js';

/**
 * Copies the arrays that a run keeps for one task, with their manifest. Arrays left over from other weights or settings
 * are not copied.
 * @param from folder in which the run keeps the task's embeddings. @param to folder to write.
 * @throws MedbenchError('data') if the run keeps no array, or a file cannot be read or is damaged; ('usage') if `to` is the same
 * folder as `from` or holds other embeddings; ('store') if `to` cannot be written.
 */
export async function exportEmbeddings(from: string, to: string): Promise<void> {
  const manifest = await readManifest(from);
  const names = Object.keys(manifest?.texts ?? {});
  if (!manifest || names.length === 0) {
    throw new MedbenchError('data', `${from} holds no finished embeddings`, {
      hint: 'Finish the run first: medbench run with the same --out resumes it.',
    });
  }
  if (resolve(from) === resolve(to)) {
    throw new MedbenchError('usage', `${to} is where the run keeps its embeddings`, { hint: 'Name another --out.' });
  }
  if (existsSync(to)) {
    const files = await readdir(to).catch((cause) => {
      throw unwritableError(to, cause);
    });
    const differs = (await readManifest(to))?.key !== manifest.key;
    if (differs && files.some((file) => arrayName(file) !== undefined)) {
      throw new MedbenchError('usage', `${to} holds other embeddings`, { hint: 'Remove them, or name another --out.' });
    }
  }
  for (const name of names) {
    const bytes = await readFile(arrayFile(from, name)).catch((cause) => {
      throw new MedbenchError('data', `${arrayFile(from, name)} cannot be read`, {
        cause,
        hint: 'Measure the row again in another run folder.',
      });
    });
    const checksum = manifest.files?.[name];
    if (checksum !== undefined && hashBytes(bytes) !== checksum) {
      throw new MedbenchError('data', `${arrayFile(from, name)} does not hold what was written`, {
        hint: 'Repeat the run command on its folder: it makes the array again.',
      });
    }
    await writeFileAtomic(arrayFile(to, name), bytes);
  }
  await writeManifest(to, manifest);
}
