import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@medbench/core';

/** Name of the file that marks a data folder as generated. */
export const GENERATED_MARKER = 'GENERATED.txt';

/** True if the folder carries the mark of generated data, so that no figure from it passes for a medical one. */
export async function isGenerated(folder: string): Promise<boolean> {
  return existsSync(join(folder, GENERATED_MARKER));
}

/** Marks a data folder as generated. `note` says by what, for a reader. @throws MedbenchError('store') */
export async function markGenerated(folder: string, note: string): Promise<void> {
  await writeFileAtomic(join(folder, GENERATED_MARKER), `${note}\n`);
}
