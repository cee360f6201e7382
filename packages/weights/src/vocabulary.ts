import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { readVocabulary, TOKENIZER_CONFIG, VOCABULARY_FILES, type WordPieceVocabulary } from '@medbench/data';
import { hubFiles, parseHubModel } from './hub.js';

/**
 * Finds the vocabulary of a BERT model: `vocab.txt`, `tokenizer.json`, a folder that holds one of them, or a model on the
 * hub. A name that exists as a path is taken as a path.
 * @throws MedbenchError('weights') if nothing of the name exists; as `readVocabulary`.
 */
export async function findVocabulary(
  name: string,
  options: { readonly log?: (message: string) => void } = {},
): Promise<WordPieceVocabulary> {
  if (existsSync(name)) return readVocabulary(name);
  const model = parseHubModel(name);
  if (!model) {
    throw new MedbenchError('weights', `${name} is neither a file, nor a folder, nor the id of a model on the hub`, {
      hint: 'model.vocabulary takes the vocab.txt or tokenizer.json of a BERT model, its folder, or an id such as owner/name.',
    });
  }
  const hint = `Name a model with one of ${VOCABULARY_FILES.join(', ')}, or a local file.`;
  const files = await hubFiles(model, VOCABULARY_FILES, [TOKENIZER_CONFIG], { ...options, hint });
  const file = VOCABULARY_FILES.map((fileName) => files[fileName]).find((path) => path !== undefined)!;
  // The hub's cache keeps the files of a revision in one folder.
  return readVocabulary(dirname(file));
}
