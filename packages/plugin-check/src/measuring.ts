import {
  bindProtocol,
  type EvaluationModel,
  type Protocol,
  type ProtocolInfo,
  resolveSettings,
  type TaskContext,
} from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { randomModel, testContext } from '@medbench/core/testing';
import { boundProtocols, checkMetrics } from '@medbench/runner';
import { fault, withData } from './others.js';
import { noiseData } from './towers.js';

type DataFolders = Pick<Partial<TaskContext>, 'dataRoot' | 'cacheRoot'>;

/**
 * Fingerprints a task's data and measures a random model on it.
 * @returns a note where the data cannot be had.
 * @throws MedbenchError for a metric that is no finite number, or a protocol that is named and not measured.
 */
export async function checkTask(
  registry: Registry,
  entry: CatalogueEntry<'task'>,
  { dataRoot = '', cacheRoot }: DataFolders,
): Promise<string | undefined> {
  const { info } = entry;
  const task = await registry.get('task', entry.id);
  const protocols = await boundProtocols(registry, entry, info.protocols, { split: 'test' }, { seed: 0 });
  const folders = { dataRoot, ...(cacheRoot === undefined ? {} : { cacheRoot }) };
  const context = testContext({ ...folders, protocols, settings: resolveSettings('taskSettings', info) });
  const outcome = await withData(async () => {
    const fingerprint: unknown = await task.fingerprint(context);
    if (typeof fingerprint !== 'string' || fingerprint === '') {
      throw fault(`fingerprint() gives ${JSON.stringify(fingerprint)}; return a string that changes with the data`);
    }
    return task.evaluate(randomModel(0), context);
  });
  if ('absent' in outcome) return `not measured, for its data are not there: ${outcome.absent}`;
  const { results } = outcome.value;
  checkMetrics(task, results);
  const missing = info.protocols.filter((protocol) => !results.some((result) => result.protocol === protocol));
  if (missing.length > 0) {
    throw fault(`evaluate() gives no result for ${missing.join(', ')}; measure it, or take it from protocols`);
  }
  return undefined;
}

/** Kinds of task for which there are made-up data. */
const CHECKED_KIND = 'classification';

/**
 * Measures a random model on images of noise by a protocol.
 * @returns a note where there are no made-up data of its kinds, or it allows none.
 * @throws MedbenchError for a metric that is no finite number, or another primary metric than its info name.
 */
export async function checkProtocol(protocol: Protocol, info: ProtocolInfo): Promise<string | undefined> {
  if (!info.kinds.includes(CHECKED_KIND)) return `not run: there are no made-up data of kind ${info.kinds.join(', ')}`;
  const model: EvaluationModel = randomModel(0);
  const result = await bindProtocol(info, protocol, { seed: 0, split: 'test' }).measure(model, noiseData());
  if (!result) return 'measures nothing on images of noise with a random model';
  if (result.protocol !== info.id) {
    throw fault(`measure() gives a result of the protocol ${result.protocol}; make it ${info.id}`);
  }
  checkMetrics(protocol, [result]);
  if (result.metric !== info.primary) {
    throw fault(
      `measure() gives the primary metric ${result.metric}, and its info name ${info.primary}; make them one`,
    );
  }
  return undefined;
}
