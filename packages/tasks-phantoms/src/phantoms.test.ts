import { pluginMetadata, type TaskInfo } from '@medbench/core';
import { randomModel, testContext } from '@medbench/core/testing';
import { testProtocols } from '@medbench/evaluation/testing';
import { describe, expect, it } from 'vitest';
import { sharedCache } from '../../../tests/support/phantoms.js';
import { PhantomFiles } from './files.js';
import { PhantomGlobal, PhantomLocal, PhantomRare, PhantomRetrieval, PhantomVqa } from './index.js';

const cacheRoot = await sharedCache();
/** The files that all tasks of a run share. */
const files = new PhantomFiles(cacheRoot, { info: () => {}, warn: () => {}, event: () => {} });

/** A context with protocols as a run binds them, with the primary metric that the task names. */
const context = (protocol?: string, task?: object) => {
  const info = task && (pluginMetadata(task.constructor)!.info as TaskInfo);
  const protocols = protocol === undefined ? [] : testProtocols(protocol, info ? { metric: info.metric } : {});
  return testContext({ cacheRoot, protocols });
};

describe('tasks on phantoms', () => {
  it.each([
    ['global', new PhantomGlobal(files), 'accuracy', 1 / 10],
    ['local', new PhantomLocal(files), 'accuracy', 1 / 3],
    ['rare', new PhantomRare(files), 'balanced_accuracy', 1 / 2],
  ] as const)('give a random model the result of chance: %s', async (_, task, metric, chance) => {
    const { results, synthetic } = await task.evaluate(randomModel(1), context('zero-shot', task));
    expect(synthetic).toBe(true);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ protocol: 'zero-shot', metric, n: 600 });
    // 60 of 600 images have a rare finding. Four standard errors of its recall are 0.26, and half of that in the
    // mean of two classes.
    expect(Math.abs(results[0]!.metrics[metric]!.value - chance)).toBeLessThan(0.13);
  });

  it('give a random model the result of chance: retrieval', async () => {
    const { results } = await new PhantomRetrieval(files).evaluate(randomModel(1), context('retrieval'));
    expect(results[0]!.metric).toBe('mean_recall@10');
    expect(results[0]!.metrics['mean_recall@10']!.value).toBeLessThan(0.04);
  });

  it('share one fingerprint, that of the tables', async () => {
    expect(await new PhantomVqa(files).fingerprint()).toBe(await new PhantomGlobal(files).fingerprint());
  });
});
