import { type EncodedPair, isMedbenchError, type MedbenchError, type PairSource } from '@medbench/core';
import { decodeImage, decodeOptions } from '@medbench/data';

/** Maximum number of left-out examples that are listed. */
const MAX_LISTED = 1000;
/** Maximum number of following examples tried in place of one that cannot be read. */
const MAX_TRIES = 100;

/** Examples that were left out. */
export interface BadSamples {
  readonly count: number;
  /** The first of them: file, row or member and the fault, without any of their text. */
  readonly list: readonly string[];
}

/** A list of left-out examples that grows while examples are read. */
export interface BadList extends BadSamples {
  /** Adds a fault, once for each place: a decoder does not always describe the same fault in the same words. */
  note(place: number | string, message: string): void;
  /** Notes the fault, or throws it if nothing may be left out. */
  take(error: MedbenchError): void;
}

/**
 * Makes an empty list of left-out examples.
 * @param skipBad Whether examples may be left out.
 * @param skip Receives each fault once.
 */
export function badList(skipBad: boolean, skip: (message: string) => void = () => {}): BadList {
  const seen = new Set<number | string>();
  const list: string[] = [];
  let count = 0;
  const note = (place: number | string, message: string): void => {
    if (seen.has(place)) return;
    seen.add(place);
    count++;
    skip(message);
    if (list.length < MAX_LISTED) list.push(message);
  };
  return {
    get count() {
      return count;
    },
    list,
    note,
    take(error) {
      if (!skipBad) throw error;
      note(error.message, error.message);
    },
  };
}

/** Pairs that can be read undecoded. */
export type EncodedPairs = PairSource & Required<Pick<PairSource, 'encoded'>>;

/**
 * A source of pairs that are read undecoded. If bad pairs may be left out, the next pair replaces one that proves
 * broken when it is read or decoded.
 * @param read Reads a pair's image and caption. @throws MedbenchError('data') for a broken pair.
 * @throws RangeError for an index beyond the pairs.
 */
export function pairSource(length: number, read: (index: number) => Promise<EncodedPair>, bad?: BadList): EncodedPairs {
  const readNext = async (index: number, error: unknown, tries: number): Promise<EncodedPair> => {
    if (!bad || tries > MAX_TRIES || !isMedbenchError(error) || error.code !== 'data') throw error;
    bad.note(index, error.message);
    return encoded((index + 1) % length, tries + 1);
  };
  const encoded = async (index: number, tries = 0): Promise<EncodedPair> => {
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw new RangeError(`No pair ${index} among ${length}`);
    }
    try {
      return { ...(await read(index)), instead: (error) => readNext(index, error, tries) };
    } catch (error) {
      return readNext(index, error, tries);
    }
  };
  const decoded = async (pair: EncodedPair): ReturnType<PairSource['get']> => {
    try {
      return { image: await decodeImage(pair.bytes, pair.name, decodeOptions(pair)), caption: pair.caption };
    } catch (error) {
      if (!pair.instead) throw error;
      return decoded(await pair.instead(error));
    }
  };
  return { length, encoded: (index) => encoded(index), get: async (index) => decoded(await encoded(index)) };
}
