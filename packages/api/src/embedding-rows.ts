import { basename, resolve } from 'node:path';
import { MedbenchError } from '@medbench/core';

/** A row of embeddings that `--embeddings` names. */
export interface EmbeddingRow {
  readonly id: string;
  readonly folder: string;
  /** Tasks for which the folder contains arrays. */
  readonly tasks: readonly string[];
}

const ID_HINT = 'Give the row an id: --embeddings ID=DIR, where ID has only letters, digits and . : _ - in it.';

/** Parses `id=folder` or `folder`. Text before an equals sign is an id, unless it is the beginning of a path. */
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

/**
 * Valid row ids. Unlike an id that is typed, a name from `embeddings.json` may contain `=`: the id of a row with
 * settings.
 */
const ROW_ID = /^[\w.:=-]+$/;

/**
 * Reads `--embeddings`. The default id of a row is the model name in `embeddings.json`, else the name of the folder.
 * @throws MedbenchError('usage') if a folder does not exist, an id is invalid, or two rows have the same id.
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
      throw new MedbenchError('usage', `"${id}", the name of ${folder}, is not a valid row id`, { hint: ID_HINT });
    }
    const other = rows.find((row) => row.id === id);
    if (other) {
      throw new MedbenchError('usage', `${other.folder} and ${folder} are both called "${id}"`, { hint: ID_HINT });
    }
    rows.push({ id, folder, tasks });
  }
  return rows;
}
