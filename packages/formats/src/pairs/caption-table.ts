import { type EncodedPair, MedbenchError, type PairSource, type RasterImage, type Source } from '@medbench/core';
import { decodeImage, decodeOptions, type GreyWindow, isMissingMark } from '@medbench/data';
import { folderNames, readBytes } from '@medbench/data/files';
import { openFiles, readFully } from '../files/open-files.js';
import { pathInside } from '../files/path-inside.js';
import { requireFolder } from '../files/require.js';
import { scanTable } from '../tables/records.js';
import type { JsonRow } from '../tables/tables.js';
import { type BadSamples, badList, pairSource } from './bad-samples.js';
import { numberList, textCounter } from './duplicates.js';

/** The image and caption of one row. */
export interface ImageAndCaption {
  /** Path relative to the folder of the images. */
  readonly image: string;
  readonly caption: string;
}

export interface CaptionTableOptions {
  /** Path of the table: `.jsonl`, `.csv`, `.tsv`, or `.txt` with tabs (`tableForm`). */
  readonly table: string;
  /** Column names, if the table's first line is not a header. */
  readonly header?: readonly string[];
  readonly imageColumn: string;
  readonly captionColumn: string;
  /** Folder of the images. Of several, an image is read from the first that holds its name. */
  readonly imageDir: string | readonly string[];
  /** Returns the name of an image's file in `imageDir` from the value in `imageColumn`. Default: the value itself. */
  readonly toFileName?: (name: string) => string;
  /** Other columns that `keep` reads. */
  readonly columns?: readonly string[];
  /** Whether to take a row. Default: all rows. */
  readonly keep?: (row: JsonRow) => boolean;
  /** Levels of 16-bit grey images that become black and white, as in `decodeImage`. */
  readonly window?: GreyWindow | undefined;
  /** Leave out broken rows and images instead of failing. Default false. */
  readonly skipBad?: boolean;
  /** Receives a message for each row or image that is left out. */
  readonly skip?: (message: string) => void;
}

export interface CaptionTable extends PairSource {
  /** The file and caption of a pair, without its image. */
  describe(index: number): Promise<{ readonly file: string; readonly caption: string }>;
  encoded(index: number): Promise<EncodedPair>;
  /** The distinct image files of all pairs. Reads the table once more. */
  imageFiles(): Promise<string[]>;
  /** The images alone. None is left out or replaced by another. */
  readonly images: Source<RasterImage>;
  /** Number of captions that repeat an earlier one. */
  readonly duplicates: number;
  /** Number of rows that `keep` rejected. */
  readonly rejected: number;
  /** Rows and images that were left out; grows while images are read. */
  readonly bad: BadSamples;
}

/**
 * Opens pairs from a table of file names and captions beside a folder of images, the layout of PMC-OA, Quilt-1M, ROCO
 * and many others. All rows are checked once when the table is opened. After that, memory takes 16 bytes per pair,
 * whatever the captions: a row is read again when its pair is. Images are opened when they are read.
 * @throws MedbenchError('data') naming table and row: no text, an image outside the folder; for a missing column, the
 * existing columns.
 */
export async function captionTable(options: CaptionTableOptions): Promise<CaptionTable> {
  const { table, header, imageColumn, captionColumn, imageDir, columns = [], keep, skipBad = false } = options;
  const bad = badList(skipBad, options.skip);
  const { rows, parse } = await scanTable(table, [imageColumn, captionColumn, ...columns], header, bad.take);
  const fileIn = await filePlaces([imageDir].flat(), table);
  const read = (row: JsonRow, place: string): { readonly file: string; readonly caption: string } => {
    const name = textIn(row, imageColumn, place);
    const caption = textIn(row, captionColumn, place);
    if (isMissingMark(caption)) {
      throw new MedbenchError('data', `${place} has a mark of a missing text in "${captionColumn}" (nan, None, null)`, {
        hint: MEND_HINT,
      });
    }
    return { file: fileIn(options.toFileName?.(name) ?? name, place), caption };
  };
  const starts = numberList();
  const lengths = numberList();
  const captions = textCounter();
  let rejected = 0;
  for await (const batch of rows) {
    for (const { row, place, number } of batch) {
      if (keep && !keep(row)) {
        rejected++;
        continue;
      }
      try {
        captions.add(read(row, `${table}: row ${number}`).caption);
      } catch (error) {
        if (!(error instanceof MedbenchError)) throw error;
        bad.take(error);
        continue;
      }
      starts.push(place.start);
      lengths.push(place.length);
    }
  }
  const files = openFiles();
  const describe = async (index: number): Promise<{ readonly file: string; readonly caption: string }> => {
    const start = starts.values()[index];
    if (start === undefined) throw new RangeError(`No pair ${index} among ${starts.length}`);
    const bytes = new Uint8Array(lengths.values()[index]!);
    const filled = await files.use(table, (handle) => readFully(handle, bytes, start));
    const place = `${table}: the row at byte ${start}`;
    if (filled < bytes.length) {
      throw new MedbenchError('data', `${place} has changed while it was in use`, { hint: 'Start the run again.' });
    }
    return read(parse(bytes, place), place);
  };
  const pairs = pairSource(
    starts.length,
    async (index) => {
      const { file, caption } = await describe(index);
      return { bytes: await readBytes(file), caption, name: file, ...decodeOptions(options) };
    },
    skipBad ? bad : undefined,
  );
  const images = {
    length: starts.length,
    get: async (index: number) => decodeImage((await describe(index)).file, undefined, decodeOptions(options)),
    file: async (index: number) => (await describe(index)).file,
  };
  const imageFiles = async (): Promise<string[]> => {
    const paths = new Set<string>();
    const ignoreBad = (): void => {};
    const again = await scanTable(table, [imageColumn, captionColumn, ...columns], header, ignoreBad);
    for await (const batch of again.rows) {
      for (const { row, number } of batch) {
        if (keep && !keep(row)) continue;
        try {
          paths.add(read(row, `${table}: row ${number}`).file);
        } catch (error) {
          // A row that was left out before.
          if (!(error instanceof MedbenchError)) throw error;
        }
      }
    }
    return [...paths];
  };
  return Object.assign(pairs, { describe, images, imageFiles, duplicates: captions.duplicates(), rejected, bad });
}

/** Returns a function that gives the path of a name. @throws MedbenchError('data') naming a folder that is missing. */
async function filePlaces(folders: readonly string[], table: string): Promise<(name: string, place: string) => string> {
  for (const folder of folders) await requireFolder(folder, `It should hold the images that ${table} names.`);
  if (folders.length === 1) return (name, place) => pathInside(folders[0]!, name, place);
  const listings = await Promise.all(folders.map(folderNames));
  return (name, place) => {
    const index = listings.findIndex((names) => names.has(name));
    return pathInside(folders[Math.max(0, index)]!, name, place);
  };
}

const MEND_HINT = 'Mend the row, take it out, or leave bad rows out with --skip-bad.';

function textIn(row: JsonRow, column: string, place: string): string {
  const value = row[column];
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new MedbenchError('data', `${place} has no text in "${column}"`, { hint: MEND_HINT });
}
