import type { OpenedCorpus } from '@medbench/core';
import { testContext } from '@medbench/core/testing';
import { describe, expect, it } from 'vitest';
import { TaskPairs } from './index.js';

const image = { width: 1, height: 1, channels: 1, data: new Uint8Array(1) } as const;
const corpus = (name: string, length: number, synthetic = false): OpenedCorpus => ({
  fingerprint: name,
  synthetic,
  pairs: { length, get: async (i) => ({ image, caption: `${name} ${i}` }) },
});
const contextOf = (...parts: OpenedCorpus[]) =>
  testContext({ tasks: parts.map((part) => ({ id: part.fingerprint, pairs: async () => part })) });

describe('task-pairs', () => {
  it('lays the training pairs of the tasks end to end', async () => {
    const opened = await new TaskPairs().open(contextOf(corpus('a', 2), corpus('b', 3)));
    const captions = await Promise.all(
      Array.from({ length: opened.pairs.length }, async (_, i) => (await opened.pairs.get(i)).caption),
    );
    expect(captions).toEqual(['a 0', 'a 1', 'b 0', 'b 1', 'b 2']);
    expect(opened).toMatchObject({ fingerprint: 'a+b', synthetic: false });
  });

  it('is synthetic if any part is', async () => {
    expect((await new TaskPairs().open(contextOf(corpus('a', 1), corpus('b', 1, true)))).synthetic).toBe(true);
  });

  it('says what to do if no task can make pairs', async () => {
    await expect(new TaskPairs().open(contextOf())).rejects.toMatchObject({
      code: 'data',
      hint: expect.stringContaining('corpora'),
    });
  });
});
