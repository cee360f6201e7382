import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelSettings } from '@medbench/core';
import { BertBase, BertDemo } from '@medbench/encoders-bert';
import { GptDemo } from '@medbench/encoders-gpt';
import { afterAll, expect, it } from 'vitest';
import { identifyVocabulary, makeTokenizer } from './tokenizer.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, pieces: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, `${['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...pieces].join('\n')}\n`);
  return path;
};
const settings = (vocabulary: string | null = null): ModelSettings => ({
  ...{ embedDim: 8, merges: 10, activation: 'gelu', vocabulary },
});

it("reads CLIP's byte pairs unless the text encoder reads word pieces", async () => {
  expect((await makeTokenizer({ text: new GptDemo(), model: settings() })).vocabSize).toBe(512 + 10 + 2);
  expect((await makeTokenizer({ text: new BertDemo(), model: settings() })).vocabSize).toBe(4096);
  const path = write('one.txt', ['lung']);
  expect((await makeTokenizer({ text: new BertBase(), model: settings(path) })).vocabSize).toBe(5);
});

it('refuses a vocabulary for byte pairs, and word pieces without one, with the way out', async () => {
  const named = makeTokenizer({ text: new GptDemo(), model: settings('x.txt') });
  await expect(named).rejects.toThrow("model.vocabulary is x.txt, but the text encoder reads CLIP's byte pairs");
  const error = await makeTokenizer({ text: new BertBase(), model: settings() }).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'config', hint: expect.stringContaining('Set model.vocabulary to a vocab.txt') });
  const missing = makeTokenizer({ text: new BertBase(), model: settings('/nowhere') });
  await expect(missing).rejects.toThrow('/nowhere is neither a file, nor a folder, nor the id of a model on the hub');
});

it('identifies a vocabulary by its content', async () => {
  const identify = (path: string) => identifyVocabulary({ text: new BertBase(), model: settings(path) });
  const [one, same, other] = [write('a.txt', ['lung']), write('b.txt', ['lung']), write('c.txt', ['heart'])];
  expect(await identify(one)).toBe(await identify(same));
  expect(await identify(one)).not.toBe(await identify(other));
  expect(await identifyVocabulary({ text: new GptDemo(), model: settings() })).toBeUndefined();
});

it('says that a cased vocabulary is read in lower case', async () => {
  const capitals = Array.from({ length: 150 }, (_, i) => `Word${i}`);
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  await makeTokenizer({ text: new BertBase(), model: settings(write('cased.txt', capitals)), log });
  await makeTokenizer({ text: new BertBase(), model: settings(write('plain.txt', ['lung'])), log });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('150 pieces with capitals are never used');
});
