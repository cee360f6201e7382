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
import { bindProtocols, checkMetrics } from '@medbench/runner';
import { fault, withData } from './others.js';
import { noiseData } from './towers.js';

type DataFolders = Pick<Partial<TaskContext>, 'dataRoot' | 'cacheRoot'>;

/**
 * Computes the fingerprint of a task's data and measures a random model on it.
 * @returns a note if the data is missing.
 * @throws MedbenchError if a metric is not a finite number, or the task does not measure a protocol that it names.
 */
export async function checkTask(
  registry: Registry,
  entry: CatalogueEntry<'task'>,
  { dataRoot = '', cacheRoot }: DataFolders,
): Promise<string | undefined> {
  const { info } = entry;
  const task = await registry.get('task', entry.id);
  const protocols = await bindProtocols(
    registry,
    entry,
    info.protocols,
    { split: 'test', activation: 'same', activationOf: {} },
    { seed: 0 },
  );
  const folders = { dataRoot, ...(cacheRoot === undefined ? {} : { cacheRoot }) };
  const context = testContext({ ...folders, protocols, settings: resolveSettings('taskSettings', info) });
  const outcome = await withData(async () => {
    const fingerprint: unknown = await task.fingerprint(context);
    if (typeof fingerprint !== 'string' || fingerprint === '') {
      throw fault(`fingerprint() returns ${JSON.stringify(fingerprint)}; return a string that changes with the data`);
    }
    return task.evaluate(randomModel(0), context);
  });
  if ('absent' in outcome) return `not measured because its data is missing: ${outcome.absent}`;
  const { results } = outcome.value;
  checkMetrics(task, results);
  const missing = info.protocols.filter((protocol) => !results.some((result) => result.protocol === protocol));
  if (missing.length > 0) {
    throw fault(`evaluate() returns no result for ${missing.join(', ')}; measure it, or remove it from protocols`);
  }
  return undefined;
}

/** The kind of task for which `noiseData` generates data. */
const CHECKED_KIND = 'classification';

/**
 * Measures a random model on noise images under a protocol.
 * @returns a note if no data can be generated for its kinds, or if it measures nothing on the data.
 * @throws MedbenchError if a metric is not a finite number, or the primary metric is not the one that its info names.
 */
export async function checkProtocol(protocol: Protocol, info: ProtocolInfo): Promise<string | undefined> {
  if (!info.kinds.includes(CHECKED_KIND))
    return `not run: no test data can be generated for the kind ${info.kinds.join(', ')}`;
  const model: EvaluationModel = randomModel(0);
  const result = await bindProtocol(info, protocol, { seed: 0, split: 'test' }).measure(model, noiseData());
  if (!result) return 'measures nothing with a random model on noise images';
  if (result.protocol !== info.id) {
    throw fault(`measure() returns a result of the protocol ${result.protocol}; make it ${info.id}`);
  }
  checkMetrics(protocol, [result]);
  if (result.metric !== info.primary) {
    throw fault(
      `measure() returns the primary metric ${result.metric}, but its info names ${info.primary}; make them equal`,
    );
  }
  return undefined;
}
