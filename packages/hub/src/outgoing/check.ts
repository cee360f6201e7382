import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MedbenchError } from '@medbench/core';

/** Largest header of a safetensors file. */
const LARGEST_HEADER = 100 * 2 ** 20;

/** The part of a file that can hold a text: of safetensors the header, of other files all. */
async function readTexts(path: string): Promise<Buffer> {
  if (!path.endsWith('.safetensors')) return readFile(path);
  const file = await open(path);
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const header = Buffer.alloc(Math.min(Number(length.readBigUInt64LE()), LARGEST_HEADER));
    await file.read(header, 0, header.length, 8);
    return header;
  } finally {
    await file.close();
  }
}

/**
 * Looks through what goes out for what must not: the folders of this machine and the token. It is the last check, and finds
 * what the parts that write the files should have left out.
 * @throws MedbenchError('store') naming the file, and not what it holds.
 */
export async function checkOutgoing(
  folder: string,
  files: readonly string[],
  forbidden: readonly (string | undefined)[],
): Promise<void> {
  const texts = forbidden.filter((text) => text !== undefined && text !== '');
  for (const file of files) {
    const content = await readTexts(join(folder, file));
    // JSON and YAML write a backslash twice.
    if (!texts.some((text) => content.includes(text!) || content.includes(text!.replaceAll('\\', '\\\\')))) continue;
    throw new MedbenchError('store', `${file} holds a folder of this machine or the token, and is not passed on`, {
      hint: 'This is a fault of medbench or of a plugin: please report which settings the run had.',
    });
  }
}
