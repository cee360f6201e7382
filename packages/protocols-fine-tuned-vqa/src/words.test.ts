import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { wordList } from './words.js';

describe('wordList', () => {
  const list = wordList(['Is there a mass?', 'Where is it? -open', "What is the patient's X ray, in short..."]);

  it('lists the words of cleaned questions in order of their first appearance', () => {
    expect(list.words).toEqual([
      ...['is', 'there', 'a', 'mass', 'where', 'it', 'what', 'the', 'patient', "'s", 'x-ray', 'in', 'short'],
    ]);
  });

  it('pads at the end with the length of the list, cuts what is too long, and reads an unknown word as the last', () => {
    expect([...list.encode('Is it a nodule?', 6)]).toEqual([0, 5, 2, 12, 13, 13]);
    expect([...list.encode('is there a mass', 2)]).toEqual([0, 1]);
    expect([...list.encode('', 2)]).toEqual([13, 13]);
  });

  it('refuses questions without words', () => {
    expect(() => wordList(['?'])).toThrow('No training question has a word');
  });
});

const root = process.env.MEDBENCH_DATA ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const file = join(root, 'vqa-rad', 'trainset.json');
it.skipIf(!existsSync(file))('has 1,177 words for the real VQA-RAD', () => {
  const rows = JSON.parse(readFileSync(file, 'utf8')) as readonly { readonly question: string }[];
  expect(wordList(rows.map(({ question }) => question)).words).toHaveLength(1177);
});
