import { basename, resolve } from 'node:path';
import { MedbenchError } from '@medbench/core';

/** A row of embeddings, as `--embeddings` names it. */
export interface EmbeddingRow {
  readonly id: string;
  readonly folder: string;
  /** Tasks for which the folder holds something. */
  readonly tasks: readonly string[];
}

const WAY = 'Name the row: --embeddings ID=DIR, where ID has letters, digits and . : _ - only.';

/** `id=folder`, or a folder. What stands before an equals sign is an id, unless it is the beginning of a path. */
function parse(given: string): { readonly id?: string; readonly folder: string } {
  const [, id, folder] = /^([^=/\\]*)=(.*)$/.exec(given) ?? [];
  if (id === undefined || folder === undefined) return { folder: given };
  if (!/^[\w.:-]+$/.test(id) || folder === '') {
    throw new MedbenchError('usage', `--embeddings ${given} is not of the form ID=DIR`, {
      hint: `${WAY} A folder with = in its name is written ./${given}.`,
    });
  }
  return { id, folder };
}

/** A name that `embeddings.json` gives may be any text, and one that a run exported that of a row with settings. */
const ROW = /^[\w.:=-]+$/;

/**
 * Reads `--embeddings`. Without an id, a row has the name of the model in `embeddings.json`, or that of the folder.
 * @throws MedbenchError('usage') if a folder does not exist, a name cannot be that of a row, or two are the same.
 */
export async function embeddingRows(given: readonly string[], cwd: string): Promise<EmbeddingRow[]> {
  if (given.length === 0) return [];
  const { openEmbeddings } = await import('@medbench/evaluation');
  const rows: EmbeddingRow[] = [];
  for (const one of given) {
    const { id: asked, folder } = parse(one);
    const { model, tasks } = await openEmbeddings(resolve(cwd, folder));
    const id = asked ?? model ?? basename(resolve(cwd, folder));
    if (!ROW.test(id)) {
      throw new MedbenchError('usage', `"${id}", the name of ${folder}, cannot be that of a row`, { hint: WAY });
    }
    const other = rows.find((row) => row.id === id);
    if (other) {
      throw new MedbenchError('usage', `${other.folder} and ${folder} are both called "${id}"`, { hint: WAY });
    }
    rows.push({ id, folder, tasks });
  }
  return rows;
}
