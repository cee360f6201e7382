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
const makeContext = (...corpora: OpenedCorpus[]) =>
  testContext({ tasks: corpora.map((opened) => ({ id: opened.fingerprint, pairs: async () => opened })) });

describe('task-pairs', () => {
  it('concatenates the training pairs of the tasks', async () => {
    const opened = await new TaskPairs().open(makeContext(corpus('a', 2), corpus('b', 3)));
    const captions = await Promise.all(
      Array.from({ length: opened.pairs.length }, async (_, i) => (await opened.pairs.get(i)).caption),
    );
    expect(captions).toEqual(['a 0', 'a 1', 'b 0', 'b 1', 'b 2']);
    expect(opened).toMatchObject({ fingerprint: 'a+b', synthetic: false });
  });

  it('is synthetic if the pairs of any task are', async () => {
    expect((await new TaskPairs().open(makeContext(corpus('a', 1), corpus('b', 1, true)))).synthetic).toBe(true);
  });

  it('refuses to open if no task can make pairs, with a hint', async () => {
    await expect(new TaskPairs().open(makeContext())).rejects.toMatchObject({
      code: 'data',
      hint: expect.stringContaining('corpora'),
    });
  });
});
