import { MedbenchError, type TaskResult } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';

/**
 * Checks that what a task measured are numbers: one that is none would be drawn as a value.
 * @throws MedbenchError('evaluation') naming task, package, protocol and metric.
 */
export function checkMetrics({ id, package: { name } }: CatalogueEntry<'task'>, results: readonly TaskResult[]): void {
  const fault = (protocol: string, what: string): MedbenchError =>
    new MedbenchError('evaluation', `Task ${id} of ${name}, protocol ${protocol}: ${what}`, {
      hint: `Look into the test examples and the embeddings of this task; the error is in them or in ${name}.`,
    });
  for (const { protocol, metric, metrics } of results) {
    if (!metrics[metric]) throw fault(protocol, `the primary metric "${metric}" is not among those measured`);
    for (const [one, { value, ci95 }] of Object.entries(metrics)) {
      if (!Number.isFinite(value)) throw fault(protocol, `the metric "${one}" is ${value}, not a finite number`);
      if (!ci95.every(Number.isFinite)) {
        throw fault(protocol, `the interval of the metric "${one}" is [${ci95.join(', ')}], not two finite numbers`);
      }
    }
  }
}
