import { MedbenchError } from '@medbench/core';

/** Turns captions into token ids. */
export interface Tokenizer {
  /** Number of ids, which run from 0 to vocabSize - 1. */
  readonly vocabSize: number;
  readonly startId: number;
  readonly endId: number;
  /** The id that fills a row behind its end. With CLIP's byte pairs it is that of a symbol, too. */
  readonly padId: number;
  /** Description in words and numbers, for other programs that read that of a tower. */
  readonly about: Readonly<Record<string, string | number | boolean>>;
  /**
   * Contents of the files, by name, from which Hugging Face's library makes the same tokenizer. Undefined for CLIP's,
   * which every library has.
   */
  files?(): Readonly<Record<string, string>>;
  /**
   * Ids of a text without start and end. Text that looks like a special token is taken literally.
   * @throws MedbenchError('data') if the text is not a string.
   */
  encode(text: string): number[];
  /**
   * Ids `[B, contextLength]`, row-major: start, ids, end, then `padId`. A text that is too long is cut but keeps its end
   * token.
   * @throws MedbenchError('data') naming the first text that is not a string; ('config') for a context of less than
   * two.
   */
  encodeBatch(texts: readonly string[], contextLength: number): Int32Array;
  /**
   * The text of ids as the tokenizer normalised it, words separated by spaces. Start, end and whatever follows the end
   * are left out.
   * @throws RangeError for a number that is no id.
   */
  decode(ids: ArrayLike<number>): string;
}

/** Encodes one text. `name` is what a message calls it. Encoding may end when there are `most` ids; there can be more. */
export type EncodeText = (text: string, name: string, most: number) => readonly number[];

/** `Tokenizer.encodeBatch` for a function that encodes one text. */
export function encodeRows(
  texts: readonly string[],
  contextLength: number,
  { startId, endId, padId, encode }: Pick<Tokenizer, 'startId' | 'endId' | 'padId'> & { readonly encode: EncodeText },
): Int32Array {
  if (!Number.isInteger(contextLength) || contextLength < 2) {
    throw new MedbenchError('config', `A context of ${contextLength} tokens has no room for start and end`);
  }
  if (!Array.isArray(texts)) throw notTextError(texts, 'an array of texts');
  const batch = new Int32Array(texts.length * contextLength).fill(padId);
  const most = contextLength - 2;
  texts.forEach((text, row) => {
    const ids = encode(text, `a text at index ${row}`, most).slice(0, most);
    batch.set([startId, ...ids, endId], row * contextLength);
  });
  return batch;
}

/** The error for a value that the types forbid but a table's cells may hold. */
export function notTextError(value: unknown, expected: string): MedbenchError {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
  return new MedbenchError('data', `The tokenizer expects ${expected} and was given ${kind}`, {
    hint: 'Check the column of the captions: empty cells and numbers must be converted to text first.',
  });
}

/** Number of words whose ids are cached: more than a corpus of captions uses often. */
const MAX_CACHED_WORDS = 100_000;

/** Caches the ids of words. */
export function cachedWords(encode: (word: string) => readonly number[]): (word: string) => readonly number[] {
  const cache = new Map<string, readonly number[]>();
  return (word) => {
    const cached = cache.get(word);
    if (cached) return cached;
    const ids = encode(word);
    if (cache.size >= MAX_CACHED_WORDS) cache.clear();
    cache.set(word, ids);
    return ids;
  };
}
