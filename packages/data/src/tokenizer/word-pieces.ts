import { MedbenchError } from '@medbench/core';
import { cleanCaption } from './clean.js';
import { cachedWords, encodeRows, notTextError, type Tokenizer } from './tokenizer.js';

/** How a text is normalised before it is split into words: the fields of BERT's basic tokenizer. */
export interface WordPieceRules {
  /** Lower case; then accents are stripped too, unless `stripAccents` says otherwise. */
  readonly lowerCase: boolean;
  /** null: as `lowerCase`. */
  readonly stripAccents: boolean | null;
  /** Whether each Chinese character is a word. */
  readonly chineseCharacters: boolean;
}

/** The vocabulary of a BERT model, and how it was made to be used. */
export interface WordPieceVocabulary extends WordPieceRules {
  /** Pieces by id. A piece that continues a word starts with `##`. */
  readonly pieces: readonly string[];
  /** The pieces that mark start, end, padding and an unknown word. */
  readonly special: {
    readonly start: string;
    readonly end: string;
    readonly padding: string;
    readonly unknown: string;
  };
}

/** The special pieces of BERT. */
export const BERT_SPECIAL: WordPieceVocabulary['special'] = {
  ...{ start: '[CLS]', end: '[SEP]', padding: '[PAD]', unknown: '[UNK]' },
};

/** Marks a piece that continues a word. */
const CONTINUES = '##';
/** A word with more characters than this is unknown as a whole. */
const MAX_WORD_LENGTH = 100;

/** A character class from ranges of hexadecimal code points. */
const characterClass = (ranges: string): string =>
  ranges.replace(/[0-9a-f]+/g, (code) => `\\u{${code}}`).replaceAll(', ', '');

// Hugging Face's tokenizers have the character classes of Unicode 8. What later versions made a mark, a sign of
// punctuation or a format stays what it is; the ranges also cover neighbours that the classes do not concern.
const LATER_MARKS = characterClass(
  '7fd, 897-8e1, 9fe, afa-aff, b55, c04-c3c, d00, d3b-d3c, d81, eba, ece, 180f-1886, 1abf-1aeb, 1df6-1dfb, a82c, a8c5, ' +
    'a8ff, a9bd, 105c9-105e4, 10d24-10f85, 11070-11074, 110c2, 111c9, 111cf, 1123e-11241, 1133b, 11383-1145e, ' +
    '1182f-11f5a, 13440-13455, 1611e-1612f, 16d68-16f4f, 16fe4, 1cf00-1cf46, 1e000-1e6f5, 1e944-1e94a',
);
const LATER_PUNCTUATION = characterClass(
  '61d, 9fd-a76, c77-c84, 1b4e-1b4f, 1b7d-1b7f, 2e43-2e5d, 10d6e-10f89, 113d4-1145d, 11660-116b9, 1183b-11fff, ' +
    '12ff1-12ff2, 16d6d-16fe2, 1e5ff-1e95f',
);
const LATER_FORMATS = characterClass('890-891, 8e2, 110cd, 13430-1343f');
/** Two vowel signs that are no longer marks without a width. */
const EARLIER_MARKS = characterClass('1734, 1171e');
/** A Canadian sign and a Sharada mark that are no longer punctuation. */
const EARLIER_PUNCTUATION = characterClass('166d, 111c9');

/** Characters that vanish: controls other than white space, formats, private ones, U+FFFD. */
const VANISHING = new RegExp(`\\ufffd|(?![\\t\\n\\r${LATER_FORMATS}])[\\p{Cc}\\p{Cf}\\p{Co}]`, 'gu');
/** White space, as Unicode defines it. */
const SPACE = /\p{White_Space}/gu;
/** The blocks that BERT takes for Chinese; one of them starts late in Hugging Face's tokenizers, too. */
const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
/** Runs of text that can be decomposed, and the marks that vanish then. */
const DECOMPOSED = new RegExp(`[^\\0-\\x7f${LATER_MARKS}]+`, 'gu');
const MARKS = new RegExp(`[\\p{Mn}${EARLIER_MARKS}]`, 'gu');
/** ASCII symbols count as punctuation. */
const PUNCTUATION = `!-\\/:-@\\[-\`\\{-~\\p{P}${EARLIER_PUNCTUATION}`;
/** A sign of punctuation, which is a word by itself, or a run of other characters. */
const WORDS = new RegExp(
  `(?![${LATER_PUNCTUATION}])[${PUNCTUATION}]|(?:[^${PUNCTUATION}\\p{White_Space}]|[${LATER_PUNCTUATION}])+`,
  'gu',
);

/** Normalises a text as BERT's basic tokenizer does, in the version of Hugging Face's `tokenizers`. */
export function normaliseText(text: string, { lowerCase, stripAccents, chineseCharacters }: WordPieceRules): string {
  let result = text.replace(VANISHING, '').replace(SPACE, ' ');
  if (chineseCharacters) result = result.replace(CHINESE, ' $& ');
  if (stripAccents ?? lowerCase) {
    result = result.replace(DECOMPOSED, (run) => run.normalize('NFD').replace(MARKS, ''));
  }
  // Character by character, without the rule for a sigma at the end of a word.
  return lowerCase ? result.replaceAll('Σ', 'σ').toLowerCase() : result;
}

/** @throws MedbenchError('data') naming the piece that the vocabulary lacks. */
function findPiece(ids: ReadonlyMap<string, number>, piece: string): number {
  const id = ids.get(piece);
  if (id !== undefined) return id;
  throw new MedbenchError('data', `The vocabulary of word pieces has no ${piece}`, {
    hint: 'Name the vocab.txt or tokenizer.json of a BERT model.',
  });
}

/**
 * BERT's tokenizer (arXiv:1810.04805, section 3; arXiv:1609.08144, section 4.1): words of the normalised text, each
 * divided greedily into the longest pieces of the vocabulary. The ids are those of open_clip's `HFTokenizer` around
 * Hugging Face's `BertTokenizer`: the text is first cleaned as for CLIP (`cleanCaption`). One difference is deliberate:
 * a special token in a text, such as `[SEP]`, is text (`split_special_tokens=True`).
 * @throws MedbenchError('data') if the vocabulary lacks a special piece.
 */
export function wordPieceTokenizer(vocabulary: WordPieceVocabulary): Tokenizer {
  const { pieces, special } = vocabulary;
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const continuations = new Map<string, number>();
  for (const [piece, id] of ids) {
    if (piece.startsWith(CONTINUES)) continuations.set(piece.slice(CONTINUES.length), id);
  }
  const longest = pieces.reduce((length, piece) => Math.max(length, piece.length), 0);
  const [startId, endId, padId, unknownId] = [special.start, special.end, special.padding, special.unknown].map(
    (piece) => findPiece(ids, piece),
  ) as [number, number, number, number];

  const encodeWord = cachedWords((word) => {
    if (word.length > MAX_WORD_LENGTH && [...word].length > MAX_WORD_LENGTH) return [unknownId];
    const found: number[] = [];
    for (let from = 0; from < word.length; ) {
      const known = from === 0 ? ids : continuations;
      let to = Math.min(word.length, from + longest);
      while (to > from && !known.has(word.slice(from, to))) to--;
      if (to === from) return [unknownId];
      found.push(known.get(word.slice(from, to))!);
      from = to;
    }
    return found;
  });
  const encode = (text: string, name = 'a text', most = Number.POSITIVE_INFINITY): number[] => {
    if (typeof text !== 'string') throw notTextError(text, name);
    const result: number[] = [];
    for (const [word] of normaliseText(cleanCaption(text), vocabulary).matchAll(WORDS)) {
      for (const id of encodeWord(word)) result.push(id);
      if (result.length >= most) break;
    }
    return result;
  };
  const { lowerCase, stripAccents, chineseCharacters } = vocabulary;
  return {
    vocabSize: pieces.length,
    startId,
    endId,
    padId,
    about: {
      tokenizer: "BERT's word pieces",
      ...{ lowerCase, stripAccents: stripAccents ?? lowerCase, chineseCharacters, unknownId },
    },
    files: () => ({
      'vocab.txt': `${pieces.join('\n')}\n`,
      'tokenizer_config.json': `${JSON.stringify(
        {
          tokenizer_class: 'BertTokenizer',
          ...{ do_lower_case: lowerCase, strip_accents: stripAccents, tokenize_chinese_chars: chineseCharacters },
          ...{
            cls_token: special.start,
            sep_token: special.end,
            pad_token: special.padding,
            unk_token: special.unknown,
          },
        },
        null,
        2,
      )}\n`,
    }),
    encode: (text) => encode(text),
    encodeBatch: (texts, contextLength) => encodeRows(texts, contextLength, { startId, endId, padId, encode }),
    decode(rowIds) {
      const words: string[] = [];
      for (const id of Array.from(rowIds)) {
        if (id === endId) break;
        if (id === startId) continue;
        const piece = pieces[id];
        if (piece === undefined) throw new RangeError(`${id} is not an id of this tokenizer`);
        if (piece.startsWith(CONTINUES)) words.push((words.pop() ?? '') + piece.slice(CONTINUES.length));
        else words.push(piece);
      }
      return words.join(' ');
    },
  };
}
