import { type EncodedPair, MedbenchError } from '@medbench/core';
import { decodeOptions, type GreyWindow, isMissingMark, partOrder } from '@medbench/data';
import type { RemoteFiles } from '../files/byte-store.js';
import { type BadSamples, badList, type EncodedPairs, pairSource } from '../pairs/bad-samples.js';
import { MAX_CACHED_BYTES, openParquet } from './table.js';

export interface ParquetPairsOptions {
  /** Column of the images: files as bytes, or Hugging Face's `{bytes, path}`. */
  readonly imageColumn: string;
  readonly captionColumn: string;
  /** Levels of 16-bit grey images that become black and white, as in `decodeImage`. */
  readonly window?: GreyWindow | undefined;
  /** Replace a broken row by the next one instead of failing. Default false. */
  readonly skipBad?: boolean;
  /** Receives a message for each row that is left out. */
  readonly skip?: (message: string) => void;
  /** Opens files behind an address. Default: files are on disk. */
  readonly remote?: RemoteFiles | undefined;
}

export interface ParquetPairs extends EncodedPairs {
  /** Rows that were left out; grows while rows are read. */
  readonly bad: BadSamples;
  /**
   * The order of an epoch: groups of rows in random order, and the pairs of a few neighbours in random order. A group is
   * decoded as a whole, so that pairs from anywhere would decode a group each.
   */
  order(seed: number, epoch: number): Int32Array;
}

/** Groups whose pairs are mixed with each other, if they fit into the cache of decoded groups. */
const MIXED_GROUPS = 8;

/**
 * Opens pairs from Parquet files with a column of images and one of captions. Only footers are read; a pair's group of rows is
 * decoded when the first pair of it is read, and kept while there is room.
 * @throws MedbenchError('data') naming file and row: as `openParquet`, no image, no caption.
 */
export async function parquetPairs(files: readonly string[], options: ParquetPairsOptions): Promise<ParquetPairs> {
  const { imageColumn, captionColumn, skipBad = false, remote } = options;
  const columns = [imageColumn, captionColumn];
  const table = await openParquet(files, columns, { only: columns, remote });
  const bad = badList(skipBad, options.skip);
  const read = async (index: number): Promise<EncodedPair> => {
    const { bytes, name } = await table.image(imageColumn, index);
    const caption = (await table.row(index))[captionColumn];
    if (typeof caption !== 'string' || caption.trim() === '' || isMissingMark(caption)) {
      throw new MedbenchError('data', `${name} has no text in "${captionColumn}"`, {
        hint: 'Mend the file, name another column, or leave bad rows out with --skip-bad.',
      });
    }
    // A copy: the receiver may take the buffer, and the group's rows share theirs.
    return { bytes: new Uint8Array(bytes), caption, name, ...decodeOptions(options) };
  };
  const rows = table.groups.map((group) => group.rows);
  const largest = Math.max(1, ...table.groups.map(({ bytes }) => bytes));
  const together = Math.max(1, Math.min(MIXED_GROUPS, Math.floor(MAX_CACHED_BYTES / largest) - 1));
  const order = (seed: number, epoch: number): Int32Array => partOrder(rows, together, seed, epoch).order;
  return Object.assign(pairSource(table.length, read, skipBad ? bad : undefined), { bad, order });
}
