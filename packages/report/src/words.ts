import { type MetricInfo, metricInfo, type ProtocolId, type RunResults } from '@medbench/core';
import { oneLine } from './format.js';

/** What a reader must know to read a metric's figure. */
export interface MetricText {
  /** One sentence; undefined for metrics that the results do not explain. */
  readonly definition?: string;
  readonly lowerIsBetter: boolean;
}

/** By the name alone, of metrics that the results do not explain. */
const LOWER_IS_BETTER = /\b(rank|loss|error|ece|brier|perplexity)\b/;

/** What the results say of one protocol: its title and the meaning of its metrics. */
export class ProtocolWords {
  constructor(
    /** As it is written in prose. */
    readonly title: string,
    private readonly metrics: Readonly<Record<string, MetricInfo>> = {},
  ) {}

  /** Looks a metric up by its name, whatever its spelling. */
  metric(name: string): MetricText {
    const info = metricInfo(this.metrics, name);
    if (info) return { definition: info.description, lowerIsBetter: info.lowerIsBetter ?? false };
    const plain = name.toLowerCase().replaceAll(/[-_\s]+/g, ' ');
    // A class may be called anything, `recall_hair_loss` too.
    return { lowerIsBetter: !plain.startsWith('recall ') && LOWER_IS_BETTER.test(plain) };
  }

  definition(metric: string): string {
    return this.metric(metric).definition ?? 'As the task defines it.';
  }

  /** Which way is better: `↑` or `↓`. */
  arrow(metric: string): string {
    return this.metric(metric).lowerIsBetter ? '↓' : '↑';
  }

  /** The metric with its arrow, `accuracy ↑`. */
  withArrow(metric: string): string {
    return `${metric} ${this.arrow(metric)}`;
  }
}

/** What results say of their protocols. */
export type ProtocolWordsLookup = (protocol: ProtocolId) => ProtocolWords;

/** A protocol that the results do not describe, as those of older versions, is called by its id. */
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
