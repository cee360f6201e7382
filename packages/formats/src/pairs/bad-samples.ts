import { type EncodedPair, isMedbenchError, type MedbenchError, type PairSource } from '@medbench/core';
import { decodeImage } from '@medbench/data';

/** Examples named in the list of what was left out. */
const LISTED = 1000;
/** Neighbours tried in place of an example that cannot be read. */
const TRIES = 100;

/** What was left out. */
export interface BadSamples {
  readonly count: number;
  /** The first of them: file, row or member and what is wrong, without any of their text. */
  readonly list: readonly string[];
}

/** A list of what was left out that grows while examples are read. */
export interface BadList extends BadSamples {
  /** Adds a fault, once for each place: a decoder does not always find the same words for the same fault. */
  note(place: number | string, message: string): void;
  /** Notes the fault, or throws it if nothing may be left out. */
  take(error: MedbenchError): void;
}

/**
 * @param skipBad Whether anything may be left out.
 * @param skip Takes each fault, once.
 */
export function badList(skipBad: boolean, skip: (what: string) => void = () => {}): BadList {
  const seen = new Set<number | string>();
  const list: string[] = [];
  let count = 0;
  const note = (place: number | string, message: string): void => {
    if (seen.has(place)) return;
    seen.add(place);
    count++;
    skip(message);
    if (list.length < LISTED) list.push(message);
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

/**
 * A source of pairs that are read undecoded. In place of one that turns out to be broken, when it is read or where it is
 * decoded, comes the next, if bad ones may be left out.
 * @param read Reads a pair's image and caption. @throws MedbenchError('data') for a broken one.
 * @throws RangeError for a pair beyond.
 */
export function pairSource(
  length: number,
  read: (index: number) => Promise<EncodedPair>,
  bad?: BadList,
): Required<PairSource> {
  const instead = async (index: number, error: unknown, tries: number): Promise<EncodedPair> => {
    if (!bad || tries > TRIES || !isMedbenchError(error) || error.code !== 'data') throw error;
    bad.note(index, error.message);
    return encoded((index + 1) % length, tries + 1);
  };
  const encoded = async (index: number, tries = 0): Promise<EncodedPair> => {
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw new RangeError(`No pair ${index} among ${length}`);
    }
    try {
      return { ...(await read(index)), instead: (error) => instead(index, error, tries) };
    } catch (error) {
      return instead(index, error, tries);
    }
  };
  const decoded = async (pair: EncodedPair): ReturnType<PairSource['get']> => {
    try {
      return { image: await decodeImage(pair.bytes, pair.name), caption: pair.caption };
    } catch (error) {
      if (!pair.instead) throw error;
      return decoded(await pair.instead(error));
    }
  };
  return { length, encoded: (index) => encoded(index), get: async (index) => decoded(await encoded(index)) };
}
