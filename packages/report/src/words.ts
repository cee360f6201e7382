import { type MetricInfo, metricInfo, type ProtocolId, type RunResults } from '@medbench/core';
import { oneLine } from './format.js';

/** Definition and direction of a metric. */
export interface MetricText {
  /** One sentence; undefined if the results do not describe the metric. */
  readonly definition?: string;
  readonly lowerIsBetter: boolean;
}

/** Matches names of metrics that are lower for better results; used if the results do not describe the metric. */
const LOWER_IS_BETTER = /\b(rank|loss|error|ece|brier|perplexity)\b/;

/** Title of one protocol and meaning of its metrics, from the results. */
export class ProtocolWords {
  constructor(
    /** Name of the protocol in prose. */
    readonly title: string,
    private readonly metrics: Readonly<Record<string, MetricInfo>> = {},
  ) {}

  /** Looks up a metric by its name; case and separators do not matter. */
  metric(name: string): MetricText {
    const info = metricInfo(this.metrics, name);
    if (info) return { definition: info.description, lowerIsBetter: info.lowerIsBetter ?? false };
    const plain = name.toLowerCase().replaceAll(/[-_\s]+/g, ' ');
    // Classes may have any name, as in `recall_hair_loss`: recalls are never lower for better results.
    return { lowerIsBetter: !plain.startsWith('recall ') && LOWER_IS_BETTER.test(plain) };
  }

  definition(metric: string): string {
    return this.metric(metric).definition ?? 'As the task defines it.';
  }

  /** The direction of better values: `↑` or `↓`. */
  arrow(metric: string): string {
    return this.metric(metric).lowerIsBetter ? '↓' : '↑';
  }

  /** The metric with its arrow, `accuracy ↑`. */
  withArrow(metric: string): string {
    return `${metric} ${this.arrow(metric)}`;
  }
}

/** Finds the title and metrics of a protocol. */
export type ProtocolWordsLookup = (protocol: ProtocolId) => ProtocolWords;

/**
 * Collects what results say about their protocols; the first description of a protocol wins. A protocol that no results
 * describe, as in older versions, gets its id as title.
 */
export function protocolWords(...results: readonly Pick<RunResults, 'protocols'>[]): ProtocolWordsLookup {
  const byProtocol = new Map<ProtocolId, ProtocolWords>();
  for (const { id, title, metrics } of results.flatMap(({ protocols = [] }) => protocols)) {
    if (!byProtocol.has(id)) byProtocol.set(id, new ProtocolWords(oneLine(title), metrics));
  }
  return (protocol) => {
    const words = byProtocol.get(protocol) ?? new ProtocolWords(oneLine(protocol));
    byProtocol.set(protocol, words);
    return words;
  };
}
