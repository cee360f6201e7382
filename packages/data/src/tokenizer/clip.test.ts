import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../testing/shared-data.js';
import { CLIP_MERGES, clipTokenizer } from './clip.js';

interface Fixture {
  texts: [string, number[]][];
  batch: { texts: string[]; contextLength: number; ids: number[]; ids77: number[] };
  vqaRad: { count: number; sha256: string };
}
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/clip-tokens.json', import.meta.url), 'utf8'),
) as Fixture;
const tokenizer = clipTokenizer();

// Ids by an independent implementation of the published rules; the first rows are widely known.
const GOLDEN: readonly (readonly [string, readonly number[]])[] = [
  ['a photo of a cat', [320, 1125, 539, 320, 2368]],
  ['a diagram', [320, 22697]],
  ['a dog', [320, 1929]],
  ['Chest X-ray shows no pneumothorax.', [10563, 343, 268, 3077, 2665, 871, 28714, 617, 4130, 9203, 269]],
  ['adenocarcinoma', [594, 9429, 46810]],
  ["It's 3.5cm\n  wide", [585, 568, 274, 269, 276, 3741, 3184]],
  ['microcalcifications in the left breast', [3160, 22824, 12512, 530, 518, 1823, 9475]],
  ['\u03bcm', [138, 120, 332]],
  ['H&amp;E stain', [327, 261, 324, 14603]],
  ['Ki-67 &gt; 20%', [2608, 268, 277, 278, 285, 273, 271, 260]],
  ["patient's 2nd MRI", [6262, 568, 273, 1764, 24773]],
  ['h\u00e9llo', [71, 3459, 19293]],
  ['\u{1f600}', [7334]],
];

describe('clipTokenizer', () => {
  it('has the published sizes', () => {
    expect([tokenizer.vocabSize, tokenizer.startId, tokenizer.endId]).toEqual([49408, 49406, 49407]);
  });

  it.each(GOLDEN)('encodes %j', (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it("gives the ids of open_clip's tokenizer for every text of the fixture", () => {
    expect(fixture.texts.length).toBeGreaterThan(280);
    const wrong = fixture.texts.filter(([text, ids]) => tokenizer.encode(text).join() !== ids.join());
    expect(wrong.map(([text, ids]) => ({ text, ids, ours: tokenizer.encode(text) }))).toEqual([]);
  });

  const vqaRad = sharedData('vqa-rad');
  it.skipIf(vqaRad === undefined)('gives the ids of open_clip for all questions of VQA-RAD', () => {
    const rows = ['train', 'test'].flatMap(
      (split) => JSON.parse(readFileSync(join(vqaRad!, `${split}set.json`), 'utf8')) as { question: string }[],
    );
    const ids = rows.map(({ question }) => tokenizer.encode(question).join(' ')).join('\n');
    expect(rows.length).toBe(fixture.vqaRad.count);
    expect(createHash('sha256').update(ids).digest('hex')).toBe(fixture.vqaRad.sha256);
  });

  it('pads with zeros, and cuts a long text but keeps its end token', () => {
    const { texts, contextLength, ids, ids77 } = fixture.batch;
    expect(Array.from(tokenizer.encodeBatch(texts, contextLength))).toEqual(ids);
    expect(Array.from(tokenizer.encodeBatch(texts, 77))).toEqual(ids77);
    expect(() => tokenizer.encodeBatch(['a'], 1)).toThrow(/context of 1/);
  });

  it('takes texts of any length, such as one word of 360,000 bytes', () => {
    const tokenizer = clipTokenizer();
    const long = '漢'.repeat(120_000);
    const ids = tokenizer.encode(long);
    expect(tokenizer.decode(ids)).toBe(long);
    expect([...tokenizer.encodeBatch([long], 77)].slice(1, 76)).toEqual(ids.slice(0, 75));
    // A batch gets the first ids of the whole text.
    const words = 'the quick brown fox '.repeat(50_000);
    expect([...tokenizer.encodeBatch([words], 77)].slice(1, 76)).toEqual(tokenizer.encode(words).slice(0, 75));
  });

  it('decodes what it encoded', () => {
    const text = "chest x - ray shows h\u00e9llo \u{1f600} ' s 1 2 3 .";
    const [ids] = [tokenizer.encodeBatch([text], 77)];
    expect(tokenizer.decode(ids)).toBe(text);
    expect(() => tokenizer.decode([49408])).toThrow(RangeError);
  });

  it('takes a literal special token as text', () => {
    expect(tokenizer.encode('<end_of_text>')).not.toContain(tokenizer.endId);
    expect(tokenizer.decode(tokenizer.encode('<end_of_text>'))).toBe('< end _ of _ text >');
  });

  it.each([
    [undefined, /index 1 and was given a value of type undefined/],
    [null, /index 1 and was given null/],
    [3.5, /index 1 and was given a value of type number/],
    [['a'], /index 1 and was given an array/],
  ])('refuses a value that is not a text and names its index: %j', (value, message) => {
    const encode = () => tokenizer.encodeBatch(['a', value as unknown as string], 77);
    expect(encode).toThrow(expect.objectContaining({ name: 'MedbenchError', code: 'data' }));
    expect(encode).toThrow(message);
    expect(() => tokenizer.encode(value as unknown as string)).toThrow(/expects a text and was given/);
  });

  it('refuses a single text in place of an array of texts', () => {
    expect(() => tokenizer.encodeBatch('a text' as unknown as string[], 77)).toThrow(/an array of texts.*type string/);
  });

  it('works with fewer merges, and with bytes alone', () => {
    const small = clipTokenizer({ merges: 1000 });
    expect([small.vocabSize, small.startId, small.endId]).toEqual([1514, 1512, 1513]);
    for (const [text] of fixture.texts.slice(0, 200)) {
      const ids = small.encode(text);
      expect(ids.every((id) => id < 1512)).toBe(true);
      expect(small.decode(ids)).toBe(tokenizer.decode(tokenizer.encode(text)));
    }
    // Byte symbols: `a` is the 65th printable byte from `!`; the last byte of a word is 256 higher.
    expect(clipTokenizer({ merges: 0 }).encode('aa!')).toEqual([64, 64 + 256, 256]);
    expect(() => clipTokenizer({ merges: CLIP_MERGES + 1 })).toThrow(/merges/);
  });
});

describe('10,000 texts (captions, scripts, marks, emoji, control characters, entities) and 700 misread texts', () => {
  const many = JSON.parse(
    gunzipSync(readFileSync(new URL('../../fixtures/many-texts.json.gz', import.meta.url))).toString('utf8'),
  ) as {
    kinds: [string, number][];
    texts: string[];
    checks: string;
    ids: number[][];
    encoding: number[];
    special: number;
  };
  const check = (ids: readonly number[]): string =>
    createHash('sha256').update(ids.join(' ')).digest('hex').slice(0, 8);
  const different = many.texts.flatMap((text, i) =>
    check(tokenizer.encode(text)) === many.checks.slice(i * 8, i * 8 + 8) ? [] : [i],
  );

  it('give the ids of open_clip', () => {
    expect(many.texts.length).toBe(10_700);
    expect(different.filter((i) => i < 10_000).map((i) => many.texts[i])).toEqual([]);
  });

  it('give the ids of open_clip for 621 of the 700 misread texts, whose repair relies on guesses', () => {
    expect(many.kinds.at(-1)).toEqual(['mojibake', 700]);
    expect(different.length).toBe(79);
  });

  it('give exactly the ids that the fixture holds in full', () => {
    const wrong = new Set(different);
    const compared = many.ids.flatMap((ids, i) =>
      wrong.has(i * 50) ? [] : [[tokenizer.encode(many.texts[i * 50]!), ids] as const],
    );
    expect(compared.length).toBeGreaterThan(195);
    expect(compared.map(([ours]) => ours)).toEqual(compared.map(([, theirs]) => theirs));
  });

  it('keep the start and end tokens in a context of 77, whatever the text', () => {
    const batch = tokenizer.encodeBatch(many.texts, 77);
    const sound = many.texts.every((_, row) => {
      const ids = batch.subarray(row * 77, row * 77 + 77);
      const end = ids.indexOf(tokenizer.endId);
      return ids[0] === tokenizer.startId && end > 0 && ids.subarray(end + 1).every((id) => id === 0);
    });
    expect(sound).toBe(true);
  });
});
