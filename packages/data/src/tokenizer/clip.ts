import { MedbenchError } from '@medbench/core';
import { gzippedAsset } from '../assets.js';
import { BYTE_SYMBOLS, bytePairs } from './bpe.js';
import { cleanText } from './clean.js';

/** Turns captions into token ids. */
export interface Tokenizer {
  /** Number of ids, which run from 0 to vocabSize - 1; the last two are start and end. */
  readonly vocabSize: number;
  readonly startId: number;
  readonly endId: number;
  /**
   * Ids of a text without start and end. Text that looks like a special token is taken literally.
   * @throws MedbenchError('data') if the text is not a string.
   */
  encode(text: string): number[];
  /**
   * Ids `[B, contextLength]`, row-major: start, ids, end, then zeros. A text that is too long is cut but keeps its end
   * token. Zero is also the id of the symbol `!`: find the end of a text by the first `endId`.
   * @throws MedbenchError('data') naming the first text that is not a string; ('config') for a context of less than
   * two.
   */
  encodeBatch(texts: readonly string[], contextLength: number): Int32Array;
  /**
   * The text of ids, in lower case, words separated by spaces. Start, end and whatever follows the end are left out.
   */
  decode(ids: ArrayLike<number>): string;
}

export interface ClipTokenizerOptions {
  /** Use only the first merges, for a small vocabulary of 512 + merges + 2. Default: all 48,894. */
  readonly merges?: number;
}

/** Number of merges of CLIP's vocabulary. */
export const CLIP_MERGES = 49152 - 256 - 2;

// No flag `i`, because the text is in lower case; ſ is the only other letter that folds to one of these (s).
const WORDS = /'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{L}\p{N} ]+/gu;
/**
 * A mark that folds to a letter without being one. The original's pattern has no class for it, so it only separates
 * words.
 */
const IOTA_SUBSCRIPT = '\u0345';
/** Number of words whose ids are cached: more than a corpus of captions uses often. */
const MAX_CACHED_WORDS = 100_000;

let mergeLines: readonly string[] | undefined;

/**
 * CLIP's byte-pair tokenizer (Radford et al. 2021; OpenAI's `simple_tokenizer.py`), with its merges. The ids are those
 * of open_clip, except for special tokens in a text and rare cases of a wrong encoding (see `repairEncoding`).
 * @throws MedbenchError('config') for a number of merges that the vocabulary does not have.
 */
export function clipTokenizer({ merges = CLIP_MERGES }: ClipTokenizerOptions = {}): Tokenizer {
  if (!Number.isInteger(merges) || merges < 0 || merges > CLIP_MERGES) {
    throw new MedbenchError('config', `The tokenizer cannot use ${merges} merges`, {
      hint: `Give a whole number from 0 to ${CLIP_MERGES}.`,
    });
  }
  mergeLines ??= gzippedAsset('clip-merges.txt.gz').trimEnd().split('\n');
  const pairs = bytePairs(mergeLines.slice(0, merges));
  const startId = BYTE_SYMBOLS + merges;
  const endId = startId + 1;
  const wordIds = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const cached = wordIds.get(word);
    if (cached) return cached;
    const ids = pairs.encode(word);
    if (wordIds.size >= MAX_CACHED_WORDS) wordIds.clear();
    wordIds.set(word, ids);
    return ids;
  };
  /** @param most Encoding may end when there are this many ids; there can be more. */
  const encode = (text: string, name = 'a text', most = Number.POSITIVE_INFINITY): number[] => {
    if (typeof text !== 'string') throw notTextError(text, name);
    const ids: number[] = [];
    for (const [word] of cleanText(text).replaceAll(IOTA_SUBSCRIPT, ' ').matchAll(WORDS)) {
      // No spread: a word can have more ids than a call can have arguments.
      for (const id of encodeWord(word)) ids.push(id);
      if (ids.length >= most) break;
    }
    return ids;
  };
  return {
    vocabSize: endId + 1,
    startId,
    endId,
    encode: (text) => encode(text),
    encodeBatch(texts, contextLength) {
      if (!Number.isInteger(contextLength) || contextLength < 2) {
        throw new MedbenchError('config', `A context of ${contextLength} tokens has no room for start and end`);
      }
      if (!Array.isArray(texts)) throw notTextError(texts, 'an array of texts');
      const batch = new Int32Array(texts.length * contextLength);
      texts.forEach((text, row) => {
        const most = contextLength - 2;
        const ids = encode(text, `a text at index ${row}`, most).slice(0, most);
        batch.set([startId, ...ids, endId], row * contextLength);
      });
      return batch;
    },
    decode(ids) {
      const bytes: number[] = [];
      for (const id of Array.from(ids)) {
        if (id === endId) break;
        if (id === startId) continue;
        if (!Number.isInteger(id) || id < 0 || id > endId) throw new RangeError(`${id} is not an id of this tokenizer`);
        const symbol = pairs.symbol(id);
        bytes.push(...symbol.bytes);
        if (symbol.endsWord) bytes.push(0x20);
      }
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)).trimEnd();
    },
  };
}

/** The error for a value that the types forbid but a table's cells may hold. */
function notTextError(value: unknown, expected: string): MedbenchError {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
  return new MedbenchError('data', `The tokenizer expects ${expected} and was given ${kind}`, {
    hint: 'Check the column of the captions: empty cells and numbers must be converted to text first.',
  });
}
