import { describePlugin, MedbenchError, type TaskResult } from '@medbench/core';

/**
 * Checks that all metrics of a task or protocol are finite numbers, since reports would draw any other value as a
 * figure.
 * @throws MedbenchError('evaluation') naming the plugin's class and package, the protocol and the metric.
 */
export function checkMetrics(plugin: object, results: readonly TaskResult[]): void {
  const fault = (protocol: string, problem: string): MedbenchError =>
    new MedbenchError('evaluation', `${describePlugin(plugin)}, protocol ${protocol}: ${problem}`, {
      hint: 'Check the examples that it measures and how it computes the metric from them.',
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
