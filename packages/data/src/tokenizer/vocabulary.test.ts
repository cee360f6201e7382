import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readVocabulary } from './vocabulary.js';
import { wordPieceTokenizer } from './word-pieces.js';

const root = mkdtempSync(join(tmpdir(), 'medbench-vocabulary-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'Scan', 'scan', '##s', 'étude', 'etude', '影', '像'];
const TOKENIZER = {
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: false,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  added_tokens: [{ id: 0, content: '[PAD]', special: true }],
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
};

/** Makes a folder of files: text as it is, other values as JSON. */
function folder(name: string, files: Readonly<Record<string, unknown>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(path, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}
const tokenizerJson = (changes: object = {}, model: object = {}): object => ({
  ...TOKENIZER,
  ...changes,
  model: { ...TOKENIZER.model, vocab: Object.fromEntries(PIECES.map((piece, id) => [piece, id])), ...model },
});
const encode = (path: string, text: string): number[] => wordPieceTokenizer(readVocabulary(path)).encode(text);

describe('readVocabulary', () => {
  const text = `${PIECES.join('\n')}\n`;

  it('takes vocab.txt for an uncased one, unless tokenizer_config.json says otherwise', () => {
    expect(encode(folder('plain', { 'vocab.txt': text }), 'Scans Étude 影像')).toEqual([6, 7, 9, 10, 11]);
    const config = { do_lower_case: false, tokenize_chinese_chars: false };
    const cased = folder('cased', { 'vocab.txt': text, 'tokenizer_config.json': config });
    expect(encode(cased, 'Scans étude 影像')).toEqual([5, 7, 8, 1]);
    expect(encode(join(cased, 'vocab.txt'), 'Scans')).toEqual([5, 7]);
  });

  it("reads tokenizer.json by its normalizer, which tokenizer_config.json's fields override", () => {
    const path = folder('json', { 'tokenizer.json': tokenizerJson(), 'vocab.txt': 'not read' });
    expect(encode(path, 'Scans étude')).toEqual([5, 7, 8]);
    const config = { do_lower_case: true, strip_accents: false, cls_token: { content: '[MASK]' } };
    const other = folder('json-config', { 'tokenizer.json': tokenizerJson(), 'tokenizer_config.json': config });
    expect(encode(other, 'Scans étude')).toEqual([6, 7, 8]);
    expect(wordPieceTokenizer(readVocabulary(other)).startId).toBe(4);
  });

  it.each([
    ['model', tokenizerJson({}, { type: 'BPE' }), 'has a model of the type BPE, not WordPiece'],
    [
      'normalizer',
      tokenizerJson({ normalizer: { type: 'NFC' } }),
      'has a normalizer of the type NFC, not BertNormalizer',
    ],
    ['splitter', tokenizerJson({ pre_tokenizer: { type: 'Metaspace' } }), 'has a pre_tokenizer of the type Metaspace'],
    ['prefix', tokenizerJson({}, { continuing_subword_prefix: '_' }), 'sets continuing_subword_prefix to "_", not ##'],
    ['added', tokenizerJson({ added_tokens: [{ id: 12, content: 'CT', special: false }] }), 'adds "CT"'],
    ['hole', tokenizerJson({}, { vocab: { '[PAD]': 0, a: 2 } }), 'has no piece with the id 1'],
    ['unigram', tokenizerJson({}, { type: 'Unigram', vocab: [['a', 0]] }), 'has a model of the type Unigram'],
    ['empty', {}, 'is no file of a tokenizer: model'],
  ])('refuses another tokenizer by what differs: %s', (name, json, message) => {
    const path = folder(`refused-${name}`, { 'tokenizer.json': json });
    expect(() => readVocabulary(path)).toThrow(expect.objectContaining({ name: 'MedbenchError', code: 'data' }));
    expect(() => readVocabulary(path)).toThrow(message);
  });

  it('says what it looked for', () => {
    expect(() => readVocabulary(folder('none', {}))).toThrow('holds none of tokenizer.json, vocab.txt');
    expect(() => readVocabulary(join(root, 'nowhere'))).toThrow('does not exist');
    expect(() => readVocabulary(folder('broken', { 'tokenizer.json': '{' }))).toThrow('cannot be read as JSON');
  });
});
