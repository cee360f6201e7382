import { MedbenchError } from '@medbench/core';
import { gzippedAsset } from '../assets.js';
import { BYTE_SYMBOLS, bytePairs } from './bpe.js';
import { cleanText } from './clean.js';
import { cachedWords, encodeRows, notTextError, type Tokenizer } from './tokenizer.js';

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
  // Also the id of the symbol `!`: the end of a text is found by the first `endId`, which is the largest id.
  const padId = 0;
  const encodeWord = cachedWords((word) => pairs.encode(word));
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
    padId,
    about: { tokenizer: "CLIP's byte-pair encoding, lower case", merges: merges === CLIP_MERGES ? 'all' : merges },
    encode: (text) => encode(text),
    encodeBatch: (texts, contextLength) => encodeRows(texts, contextLength, { startId, endId, padId, encode }),
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
