import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@medbench/core';

/** Name of the file that marks a data folder as generated. */
export const GENERATED_MARKER = 'GENERATED.txt';

/** Whether the folder is marked as generated, so that no result from it passes for a medical one. */
export async function isGenerated(folder: string): Promise<boolean> {
  return existsSync(join(folder, GENERATED_MARKER));
}

/** Marks a data folder as generated. `note` tells a reader what generated it. @throws MedbenchError('store') */
export async function markGenerated(folder: string, note: string): Promise<void> {
  await writeFileAtomic(join(folder, GENERATED_MARKER), `${note}\n`);
}
