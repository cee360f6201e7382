import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorMessage, MedbenchError, parseJson } from '@medbench/core';
import { z } from 'zod';
import { gzippedAsset } from '../assets.js';
import { BERT_SPECIAL, type WordPieceRules, type WordPieceVocabulary } from './word-pieces.js';

/** Files that hold a vocabulary of word pieces, the preferred first, as Hugging Face prefers them. */
export const VOCABULARY_FILES = ['tokenizer.json', 'vocab.txt'] as const;
/** The file beside a vocabulary that says how to use it. */
export const TOKENIZER_CONFIG = 'tokenizer_config.json';

const special = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const tokenizerConfig = z.looseObject({
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  ...{ cls_token: special, sep_token: special, pad_token: special, unk_token: special },
});
type TokenizerConfig = z.infer<typeof tokenizerConfig>;

const typed = z.looseObject({ type: z.string() });
const normaliser = z.looseObject({
  clean_text: z.boolean().optional(),
  handle_chinese_chars: z.boolean().optional(),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean().optional(),
});
const tokenizerFile = z.looseObject({
  normalizer: typed.nullish(),
  pre_tokenizer: typed.nullish(),
  model: z.looseObject({
    type: z.string().optional(),
    vocab: z.unknown(),
    unk_token: z.string().nullish(),
    continuing_subword_prefix: z.string().optional(),
    max_input_chars_per_word: z.number().optional(),
  }),
  added_tokens: z.array(z.looseObject({ id: z.number(), content: z.string(), special: z.boolean() })).optional(),
});

const vocabularyError = (file: string, what: string, hint: string, cause?: unknown): MedbenchError =>
  new MedbenchError('data', `${file} ${what}`, { hint, ...(cause === undefined ? {} : { cause }) });

/** Reads a JSON file by a schema. */
function readJson<T>(file: string, schema: z.ZodType<T>, hint: string): T {
  let json: unknown;
  try {
    json = parseJson(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw vocabularyError(file, `cannot be read as JSON: ${errorMessage(cause)}`, hint, cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw vocabularyError(file, `is no file of a tokenizer: ${issue?.path.join('.')} ${issue?.message}`, hint);
}

const WORD_PIECE_HINT = "Name the vocab.txt or tokenizer.json of a BERT model: only BERT's word pieces are supported.";

/** Refuses a part of `tokenizer.json` that is not BERT's, by name. */
function requireType(file: string, part: string, found: string | undefined, expected: string): void {
  if (found === undefined || found === expected) return;
  throw vocabularyError(file, `has a ${part} of the type ${found}, not ${expected}`, WORD_PIECE_HINT);
}

/** Pieces by id from ids by piece. */
function listPieces(file: string, vocabulary: unknown, added: readonly { id: number; content: string }[]): string[] {
  const parsed = z.record(z.string(), z.number()).safeParse(vocabulary);
  if (!parsed.success) throw vocabularyError(file, 'has no vocabulary of pieces with their ids', WORD_PIECE_HINT);
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(parsed.data)) pieces[id] = piece;
  for (const { id, content } of added) pieces[id] ??= content;
  const missing = Array.from(pieces).indexOf(undefined as unknown as string);
  if (missing >= 0) throw vocabularyError(file, `has no piece with the id ${missing}`, 'Fetch the file again.');
  return pieces;
}

type FileContents = WordPieceRules & { readonly pieces: readonly string[]; readonly unknown?: string };

function readTokenizerJson(file: string): FileContents {
  const json = readJson(file, tokenizerFile, WORD_PIECE_HINT);
  const { model, normalizer, pre_tokenizer: splitter, added_tokens: added = [] } = json;
  requireType(file, 'model', model.type ?? 'WordPiece', 'WordPiece');
  requireType(file, 'normalizer', normalizer?.type ?? 'none', 'BertNormalizer');
  requireType(file, 'pre_tokenizer', splitter?.type ?? 'none', 'BertPreTokenizer');
  const rules = normaliser.parse(normalizer);
  const others: readonly (readonly [string, unknown, unknown])[] = [
    ['continuing_subword_prefix', model.continuing_subword_prefix ?? '##', '##'],
    ['max_input_chars_per_word', model.max_input_chars_per_word ?? 100, 100],
    ['clean_text', rules.clean_text ?? true, true],
  ];
  for (const [name, found, expected] of others) {
    if (found !== expected) {
      throw vocabularyError(file, `sets ${name} to ${JSON.stringify(found)}, not ${expected}`, WORD_PIECE_HINT);
    }
  }
  const own = added.find((token) => !token.special);
  if (own) throw vocabularyError(file, `adds "${own.content}", which is found in texts as a whole`, WORD_PIECE_HINT);
  return {
    pieces: listPieces(file, model.vocab, added),
    lowerCase: rules.lowercase ?? true,
    stripAccents: rules.strip_accents ?? null,
    chineseCharacters: rules.handle_chinese_chars ?? true,
    ...(model.unk_token ? { unknown: model.unk_token } : {}),
  };
}

function readVocabularyText(file: string): FileContents {
  const text = readFileSync(file, 'utf8');
  const pieces = text.replace(/\r?\n$/, '').split(/\r?\n/);
  // Without a configuration Hugging Face's BertTokenizer takes a vocabulary for an uncased one.
  return { pieces, lowerCase: true, stripAccents: null, chineseCharacters: true };
}

const tokenText = (token: TokenizerConfig['cls_token']): string | undefined =>
  typeof token === 'string' ? token : token?.content;

/**
 * Reads the vocabulary of a BERT model: a `vocab.txt` with one piece a line, a `tokenizer.json`, or a folder that holds
 * one of them. A `tokenizer_config.json` beside it decides lower case, accents, Chinese characters and the names of the
 * special pieces; else `tokenizer.json` does; else the text is put in lower case.
 * @throws MedbenchError('data') that names the file and what in it is not BERT's, such as byte pairs.
 */
export function readVocabulary(path: string): WordPieceVocabulary {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const candidates = isFolder ? VOCABULARY_FILES.map((name) => join(path, name)) : [path];
  const file = candidates.find((candidate) => existsSync(candidate));
  if (!file) {
    throw vocabularyError(
      path,
      isFolder ? `holds none of ${VOCABULARY_FILES.join(', ')}` : 'does not exist',
      WORD_PIECE_HINT,
    );
  }
  const contents = basename(file).endsWith('.json') ? readTokenizerJson(file) : readVocabularyText(file);
  const configFile = join(dirname(file), TOKENIZER_CONFIG);
  const config: TokenizerConfig = existsSync(configFile)
    ? readJson(configFile, tokenizerConfig, `Fetch ${TOKENIZER_CONFIG} again, or remove it.`)
    : {};
  return {
    pieces: contents.pieces,
    lowerCase: config.do_lower_case ?? contents.lowerCase,
    stripAccents: config.strip_accents ?? contents.stripAccents,
    chineseCharacters: config.tokenize_chinese_chars ?? contents.chineseCharacters,
    special: {
      start: tokenText(config.cls_token) ?? BERT_SPECIAL.start,
      end: tokenText(config.sep_token) ?? BERT_SPECIAL.end,
      padding: tokenText(config.pad_token) ?? BERT_SPECIAL.padding,
      unknown: tokenText(config.unk_token) ?? contents.unknown ?? BERT_SPECIAL.unknown,
    },
  };
}

let small: WordPieceVocabulary | undefined;

/** The small vocabulary of the demo: uncased pieces of captions, prompts and documentation of this project. */
export function smallVocabulary(): WordPieceVocabulary {
  small ??= {
    pieces: gzippedAsset('word-pieces.txt.gz').trimEnd().split('\n'),
    ...{ lowerCase: true, stripAccents: null, chineseCharacters: true, special: BERT_SPECIAL },
  };
  return small;
}
