import { createHash } from 'node:crypto';
import { MedbenchError, type ModelRequest } from '@medbench/core';
import {
  clipTokenizer,
  smallVocabulary,
  type Tokenizer,
  type WordPieceVocabulary,
  wordPieceTokenizer,
} from '@medbench/data';
import { findVocabulary } from '@medbench/weights';

/** The parts of a request that decide the tokenizer of a run. */
export type TokenizerRequest = Pick<ModelRequest, 'text' | 'model'> & Partial<Pick<ModelRequest, 'log'>>;

/**
 * The vocabulary of the word pieces that the text tower reads; undefined for CLIP's byte pairs.
 * @throws MedbenchError('config') if a vocabulary is named for a tower that reads none, or none for one that needs one.
 */
async function chooseVocabulary({ text, model, log }: TokenizerRequest): Promise<WordPieceVocabulary | undefined> {
  const { tokens = 'byte-pairs', smallVocabulary: takesSmall = false } = text.input ?? {};
  const { vocabulary = null } = model;
  if (tokens === 'byte-pairs') {
    if (vocabulary === null) return undefined;
    throw new MedbenchError(
      'config',
      `model.vocabulary is ${vocabulary}, but the text encoder reads CLIP's byte pairs`,
      {
        hint: 'Choose an encoders.text that reads word pieces (medbench list encoders), or set model.vocabulary=null.',
      },
    );
  }
  if (vocabulary !== null) return findVocabulary(vocabulary, log ? { log } : {});
  if (takesSmall) return smallVocabulary();
  throw new MedbenchError('config', "The text encoder reads BERT's word pieces, and no vocabulary is named", {
    hint: 'Set model.vocabulary to a vocab.txt, a tokenizer.json, their folder, or a model on the hub such as google-bert/bert-base-uncased.',
  });
}

/** Number of pieces with capitals from which a vocabulary counts as cased. */
const CASED = 100;

/** Warns of a cased vocabulary that is read in lower case, as Hugging Face reads one without a configuration. */
function warnOfCase({ pieces, lowerCase }: WordPieceVocabulary, { model, log }: TokenizerRequest): void {
  if (!log || !lowerCase) return;
  const capitals = pieces.filter((piece) => /^(##)?\p{Lu}/u.test(piece)).length;
  if (capitals < CASED) return;
  log(
    `${model.vocabulary}: texts are put in lower case, so that ${capitals} pieces with capitals are never used. If the model is ` +
      'cased, put a tokenizer_config.json with {"do_lower_case": false} beside its vocab.txt',
  );
}

/**
 * The tokenizer that the text tower of a run reads. The log is told if a cased vocabulary is read in lower case.
 * @throws MedbenchError('config') if `model.vocabulary` and the text encoder do not fit; as `findVocabulary`.
 */
export async function makeTokenizer(request: TokenizerRequest): Promise<Tokenizer> {
  const vocabulary = await chooseVocabulary(request);
  if (vocabulary) {
    warnOfCase(vocabulary, request);
    return wordPieceTokenizer(vocabulary);
  }
  const { merges } = request.model;
  return clipTokenizer(merges === null ? {} : { merges });
}

/**
 * Identifies the vocabulary of word pieces by its content: SHA-256. Undefined for CLIP's byte pairs, which the number of
 * merges identifies.
 * @throws as `makeTokenizer`.
 */
export async function identifyVocabulary(request: TokenizerRequest): Promise<string | undefined> {
  const vocabulary = await chooseVocabulary(request);
  return vocabulary && createHash('sha256').update(JSON.stringify(vocabulary)).digest('hex');
}
