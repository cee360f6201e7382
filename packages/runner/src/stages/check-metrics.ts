import { describePlugin, MedbenchError, type TaskResult } from '@medbench/core';

/**
 * Checks that what a task or protocol measured are numbers: one that is none would be drawn as a value.
 * @throws MedbenchError('evaluation') naming its class and package, the protocol and the metric.
 */
export function checkMetrics(plugin: object, results: readonly TaskResult[]): void {
  const fault = (protocol: string, problem: string): MedbenchError =>
    new MedbenchError('evaluation', `${describePlugin(plugin)}, protocol ${protocol}: ${problem}`, {
      hint: 'Look into the examples that it measures and how the metric is computed from them.',
    });
  for (const { protocol, metric, metrics } of results) {
    if (!metrics[metric]) throw fault(protocol, `the primary metric "${metric}" is not among those measured`);
    for (const [name, { value, ci95 }] of Object.entries(metrics)) {
      if (!Number.isFinite(value)) throw fault(protocol, `the metric "${name}" is ${value}, not a finite number`);
      if (!ci95.every(Number.isFinite)) {
        throw fault(protocol, `the interval of the metric "${name}" is [${ci95.join(', ')}], not two finite numbers`);
      }
    }
  }
}
