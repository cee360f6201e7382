import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { smallVocabulary } from './vocabulary.js';
import { BERT_SPECIAL, type WordPieceRules, wordPieceTokenizer } from './word-pieces.js';

interface Reference {
  readonly checks: string;
  readonly ids: readonly number[][];
  readonly special: number;
  readonly batch: readonly number[][];
  readonly unknown: number;
}
interface Fixture {
  readonly letters: string;
  readonly pieces: readonly string[];
  readonly uncased: Reference;
  readonly cased: Reference;
  readonly accents: { readonly kept: string; readonly stripped: string; readonly chinese: string };
  readonly short: readonly string[];
}
const readFixture = <T>(name: string): T =>
  JSON.parse(gunzipSync(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url))).toString('utf8')) as T;
const { texts } = readFixture<{ texts: string[] }>('many-texts.json.gz');
const fixture = readFixture<Fixture>('word-pieces.json.gz');
const letters = [...fixture.letters];
const pieces = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'],
  ...[...letters, ...letters.map((letter) => `##${letter}`), ...fixture.pieces],
];

const create = (rules: Partial<WordPieceRules>) =>
  wordPieceTokenizer({
    ...{ pieces, special: BERT_SPECIAL, lowerCase: true, stripAccents: null, chineseCharacters: true },
    ...rules,
  });
const check = (ids: readonly number[]): string => createHash('sha256').update(ids.join(' ')).digest('hex').slice(0, 8);
const differences = (encoded: readonly (readonly number[])[], checks: string): number[] =>
  encoded.flatMap((ids, i) => (check(ids) === checks.slice(8 * i, 8 * i + 8) ? [] : [i]));

describe.each([
  ['uncased', true],
  ['cased', false],
] as const)('word pieces, %s, of 10,000 texts and 700 misread texts', (name, lowerCase) => {
  const reference = fixture[name];
  const tokenizer = create({ lowerCase });
  const encoded = texts.map((text) => tokenizer.encode(text));

  it("are those of open_clip's HFTokenizer around BertTokenizer", () => {
    const wrong = differences(encoded, reference.checks);
    expect(texts.length).toBe(10_700);
    expect(wrong.filter((i) => i < 10_000).map((i) => texts[i])).toEqual([]);
    // The others are misread texts, whose cleaning relies on guesses, as for CLIP's tokenizer.
    expect(wrong.length).toBeLessThan(80);
  });

  it('are those that the fixture holds in full, unknown words among them', () => {
    const sound = reference.ids.flatMap((ids, i) => (i * 50 < 10_000 ? [[encoded[i * 50], ids] as const] : []));
    expect(sound.map(([ours]) => ours)).toEqual(sound.map(([, theirs]) => theirs));
    expect(reference.unknown).toBeGreaterThan(1000);
  });

  it('fill a context: padded with the id of [PAD], cut before [SEP]', () => {
    const rows = Array.from(tokenizer.encodeBatch(fixture.short, 16));
    expect(rows).toEqual(reference.batch.flat());
  });
});

it.each([
  ['kept in lower case', { stripAccents: false }, 'kept'],
  ['stripped from cased text', { lowerCase: false, stripAccents: true }, 'stripped'],
] as const)('accents are %s as in the reference', (_, rules, name) => {
  const tokenizer = create(rules);
  const some = texts.slice(0, 10_000).filter((_text, i) => i % 20 === 0);
  expect(
    differences(
      some.map((text) => tokenizer.encode(text)),
      fixture.accents[name],
    ),
  ).toEqual([]);
});

it('Chinese characters are words of their own only if the rules say so', () => {
  const tokenizer = create({ chineseCharacters: false });
  const some = texts.slice(0, 10_000).filter((_text, i) => i % 20 === 0);
  const encoded = some.map((text) => tokenizer.encode(text));
  expect(differences(encoded, fixture.accents.chinese)).toEqual([]);
});

describe('the small vocabulary', () => {
  const tokenizer = wordPieceTokenizer(smallVocabulary());

  it('has at most 4,096 pieces, with the special ones first', () => {
    expect(tokenizer.vocabSize).toBeLessThanOrEqual(4096);
    expect([tokenizer.padId, tokenizer.startId, tokenizer.endId]).toEqual([0, 2, 3]);
  });

  it('decodes what it encoded, in lower case', () => {
    const batch = tokenizer.encodeBatch(['Chest X-ray of a large round mass'], 16);
    expect(tokenizer.decode(batch)).toBe('chest x - ray of a large round mass');
    expect(() => tokenizer.decode([4096])).toThrow(RangeError);
  });

  it('takes a literal special token as text', () => {
    expect(tokenizer.encode('[SEP]')).not.toContain(tokenizer.endId);
    expect(tokenizer.decode(tokenizer.encode('[SEP]'))).toBe('[ sep ]');
  });

  it('refuses a value that is not a text and names its index', () => {
    expect(() => tokenizer.encodeBatch(['a', null as unknown as string], 8)).toThrow(/index 1 and was given null/);
    expect(() => tokenizer.encodeBatch(['a'], 1)).toThrow(/context of 1/);
  });
});

it('refuses a vocabulary without a special piece, by name', () => {
  expect(() => wordPieceTokenizer({ ...smallVocabulary(), pieces: ['[PAD]', '[UNK]', '[CLS]'] })).toThrow(
    'The vocabulary of word pieces has no [SEP]',
  );
});
