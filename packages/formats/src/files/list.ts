import { readdir } from 'node:fs/promises';
import { unreadable } from '@medbench/data/files';

/**
 * The names in a folder, sorted, without hidden ones: systems leave files such as `.DS_Store` and `._NAME` beside data.
 * @throws MedbenchError('data') naming the folder if it cannot be read.
 */
export async function visibleNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}
