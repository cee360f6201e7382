import { basename, resolve } from 'node:path';
import { MedbenchError } from '@medbench/core';

/** A row of embeddings, as `--embeddings` names it. */
export interface EmbeddingRow {
  readonly id: string;
  readonly folder: string;
  /** Tasks for which the folder holds something. */
  readonly tasks: readonly string[];
}

const ID_HINT = 'Name the row: --embeddings ID=DIR, where ID has letters, digits and . : _ - only.';

/** `id=folder`, or a folder. What stands before an equals sign is an id, unless it is the beginning of a path. */
function parseEmbeddingsFlag(flag: string): { readonly id?: string; readonly folder: string } {
  const [, id, folder] = /^([^=/\\]*)=(.*)$/.exec(flag) ?? [];
  if (id === undefined || folder === undefined) return { folder: flag };
  if (!/^[\w.:-]+$/.test(id) || folder === '') {
    throw new MedbenchError('usage', `--embeddings ${flag} is not of the form ID=DIR`, {
      hint: `${ID_HINT} A folder with = in its name is written ./${flag}.`,
    });
  }
  return { id, folder };
}

/** A name that `embeddings.json` gives may be any text, and one that a run exported that of a row with settings. */
const ROW_ID = /^[\w.:=-]+$/;

/**
 * Reads `--embeddings`. Without an id, a row has the name of the model in `embeddings.json`, or that of the folder.
 * @throws MedbenchError('usage') if a folder does not exist, a name cannot be that of a row, or two are the same.
 */
export async function readEmbeddingRows(flags: readonly string[], cwd: string): Promise<EmbeddingRow[]> {
  if (flags.length === 0) return [];
  const { openEmbeddings } = await import('@medbench/evaluation');
  const rows: EmbeddingRow[] = [];
  for (const flag of flags) {
    const { id: flagId, folder } = parseEmbeddingsFlag(flag);
    const { model, tasks } = await openEmbeddings(resolve(cwd, folder));
    const id = flagId ?? model ?? basename(resolve(cwd, folder));
    if (!ROW_ID.test(id)) {
      throw new MedbenchError('usage', `"${id}", the name of ${folder}, cannot be that of a row`, { hint: ID_HINT });
    }
    const other = rows.find((row) => row.id === id);
    if (other) {
      throw new MedbenchError('usage', `${other.folder} and ${folder} are both called "${id}"`, { hint: ID_HINT });
    }
    rows.push({ id, folder, tasks });
  }
  return rows;
}
