import { stat } from 'node:fs/promises';
import { extname, isAbsolute, relative, resolve, sep } from 'node:path';
import { MedbenchError, type PairSource } from '@medbench/core';
import { requireFolder, unreadable } from './files.js';
import { decodeImage, readBytes } from './image.js';
import { type JsonRow, readCsv, readJson, readJsonl, requireColumns } from './tables.js';

export interface ImageCaptionFolder {
  /** Path of the table: `.jsonl`, `.json` (a list of rows), `.csv` or `.tsv`. */
  readonly table: string;
  /** Column of the picture's file name, relative to `imageDir`. */
  readonly imageColumn: string;
  readonly captionColumn: string;
  readonly imageDir: string;
}

/**
 * Pairs from a table of file names and captions beside a folder of pictures, the layout of PMC-OA
 * (`{"image": "PMC212319_Fig3_4.jpg", "caption": "…"}`), of its CSV form and of many others. All rows are checked at
 * once; pictures are opened when read.
 * @throws MedbenchError('data') naming table, row and column: no text, an empty name, a picture outside the folder.
 */
export async function imageCaptionFolder(options: ImageCaptionFolder): Promise<PairSource> {
  const { table, imageColumn, captionColumn, imageDir } = options;
  const rows = await readRows(table, [imageColumn, captionColumn]);
  await requireFolder(imageDir, `It should hold the pictures that ${table} names.`);
  const pairs = rows.map((row, i) => ({
    file: inside(imageDir, textOf(row, imageColumn, table, i), `${table}: row ${i + 1}`),
    caption: textOf(row, captionColumn, table, i),
  }));
  const pairAt = (index: number): (typeof pairs)[number] => {
    const pair = pairs[index];
    if (!pair) throw new RangeError(`No pair ${index} among ${pairs.length}`);
    return pair;
  };
  return {
    length: pairs.length,
    async get(index) {
      const { file, caption } = pairAt(index);
      return { image: await decodeImage(file), caption };
    },
    async encoded(index) {
      const { file, caption } = pairAt(index);
      return { bytes: await readBytes(file), caption, name: file };
    },
  };
}

async function readRows(table: string, columns: readonly string[]): Promise<readonly JsonRow[]> {
  const kind = extname(table).toLowerCase();
  if (kind === '.csv' || kind === '.tsv') return readCsv(table, { columns, delimiter: kind === '.csv' ? ',' : '\t' });
  if (kind !== '.jsonl' && kind !== '.json') {
    try {
      await stat(table);
    } catch (cause) {
      throw unreadable(table, cause);
    }
    throw new MedbenchError('data', `${table} is no table that is read here`, {
      hint: 'Give a file that ends in .jsonl, .json, .csv or .tsv.',
    });
  }
  const rows = kind === '.jsonl' ? await readJsonl(table) : await readJson(table);
  if (!Array.isArray(rows)) {
    throw new MedbenchError('data', `${table} must hold a list of rows`, { hint: 'One object a pair.' });
  }
  if (rows.length > 0) requireColumns(table, Object.keys(Object(rows[0])), columns);
  return rows as readonly JsonRow[];
}

function textOf(row: JsonRow, column: string, table: string, index: number): string {
  const value: unknown = row?.[column];
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new MedbenchError('data', `${table}: row ${index + 1} has no text in "${column}"`, {
    hint: 'Mend the row or take it out.',
  });
}

function inside(folder: string, name: string, place: string): string {
  const root = resolve(folder);
  const file = resolve(root, name);
  const path = relative(root, file);
  if (path !== '' && !isAbsolute(path) && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(name))
    return file;
  throw new MedbenchError('data', `${place} names the picture "${name}", which is not inside ${folder}`, {
    hint: 'Names must be relative to the folder of the pictures.',
  });
}
