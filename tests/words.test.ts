import { describe, expect, it } from 'vitest';
import { refusedWords } from '../scripts/words/count.mjs';

const FILE = 'packages/some-package/src/file.ts';
const words = (text: string, file = FILE): string[] => refusedWords(file, text).map(({ word }) => word);

describe('lint:words', () => {
  it('refuses words in comments, texts and names, in camel case and snake case too', () => {
    expect(words('// The picture of a row.\nconst message = "no Pictures";')).toEqual(['picture', 'pictures']);
    expect(words('function keptPictures() {}\nconst SHARED_PICTURES = 1;')).toEqual(['pictures', 'pictures']);
    expect(words('the run goes on from there; an engine')).toEqual(['engine', 'goes on']);
  });

  it('finds a phrase that continues on the next line of a comment', () => {
    expect(refusedWords(FILE, '/**\n * A run goes\n * on from there.\n */')).toMatchObject([
      { line: 2, word: 'goes on' },
    ]);
    expect(refusedWords(FILE, '// A moving average\n// (EMA) teacher.')).toEqual([]);
  });

  it('says where a word stands and what to say instead', () => {
    expect(refusedWords(FILE, 'one\ntwo facts')).toEqual([{ file: FILE, line: 2, word: 'facts', say: 'info' }]);
  });

  it('leaves other words that contain one', () => {
    expect(words('a factor, an engineer, a depiction, recommended, ongoing, distillation')).toEqual([]);
  });

  it('allows quotations of other names, and only where they are listed', () => {
    expect(words('tf.engine().runKernel(name)')).toEqual([]);
    expect(words('readonly pictures?: string;', 'packages/core/src/contracts/results.ts')).toEqual([]);
    expect(words("use('picture')", 'packages/phantoms/src/cases.ts')).toEqual([]);
    expect(words("use('picture')")).toEqual(['picture']);
  });

  it('lets data be mended, and nothing else', () => {
    expect(words('Mend the row.', 'packages/formats/src/tables/records.ts')).toEqual([]);
    expect(words('Mend the package.')).toEqual(['mend']);
  });

  it('asks for the full name of an EMA teacher', () => {
    expect(words('a moving average of the weights')).toEqual(['moving average']);
    expect(words('a moving average (EMA) teacher')).toEqual([]);
  });

  it('reads only the description of a package.json', () => {
    const manifest = '{\n  "description": "Reads images",\n  "engines": { "node": ">=20.11" }\n}';
    expect(words(manifest, 'packages/formats/package.json')).toEqual([]);
  });
});
