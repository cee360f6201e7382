import type { CorpusSummary, EnergyEstimate, TrainingRecord } from '@medbench/core';
import { energyEstimate } from '../energy.js';
import type { Entry } from './entries.js';
import { differingSettings } from './row-settings.js';

/** Upper ends of the sizes of models, in parameters, and their names. */
const SIZES: readonly (readonly [limit: number, name: string])[] = [
  [10e6, '0 to 10 M'],
  [50e6, '10 to 50 M'],
  [150e6, '50 to 150 M'],
  [500e6, '150 to 500 M'],
  [Number.POSITIVE_INFINITY, '500 M and more'],
];

/** The name of a size of models. */
export const sizeName = (parameters: number): string => SIZES.find(([limit]) => parameters < limit)![1];

/** Number of parameters of the two towers, without those that training discards; undefined if nothing was trained. */
export function countParameters({ training }: Entry): number | undefined {
  const counts = training.map(({ parameters, setup }) => parameters.total - (setup?.own ?? 0));
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/** Ids of the corpora that an entry was trained on; empty if it was trained elsewhere or not at all. */
export const trainedOn = ({ training, submissions }: Entry): string[] =>
  training.length === 0
    ? []
    : [...new Set(submissions.flatMap(({ sources }) => sources.flatMap(({ results }) => results.run.corpora)))].sort();

/** Descriptions of the corpora that an entry was trained on. A corpus without one has its id as title. */
export function describeCorpora(entry: Entry): (Pick<CorpusSummary, 'id' | 'title'> & Partial<CorpusSummary>)[] {
  const known = entry.submissions.flatMap(({ sources }) => sources.flatMap(({ results }) => results.corpora ?? []));
  return trainedOn(entry).map((id) => known.find((corpus) => corpus.id === id) ?? { id, title: id });
}

/** Means over the seeds of what trainings cost. */
export interface Cost {
  readonly steps: number;
  readonly seconds: number;
  readonly energy: EnergyEstimate;
  /** Highest resident memory in bytes; undefined if it is not known. */
  readonly peakMemory?: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Describes the cost of a training of an entry; undefined if nothing was trained. */
export function describeCost({ training }: Entry): Cost | undefined {
  const [first] = training;
  if (!first) return undefined;
  const peaks = training.flatMap(({ peakMemory }: TrainingRecord) => peakMemory ?? []);
  const estimates = training.map(energyEstimate);
  return {
    steps: mean(training.map(({ steps }) => steps)),
    seconds: mean(training.map(({ seconds }) => seconds)),
    energy: { ...estimates[0]!, joules: mean(estimates.map(({ joules }) => joules)) },
    ...(peaks.length > 0 ? { peakMemory: Math.max(...peaks) } : {}),
  };
}

/** Most differing settings that tell entries of one row apart in a table. */
const MOST_SETTINGS = 3;

/**
 * Describes how an entry differs from others of the same row: the settings that differ, `training.steps=600`, and the names of its
 * sources. Empty if no other entry has its row.
 */
export function distinguish(entry: Entry, entries: readonly Entry[]): string[] {
  const alike = entries.filter(({ row }) => row === entry.row);
  if (alike.length < 2) return [];
  const differing = differingSettings(alike.map(({ submissions: [first] }) => first!.settings));
  // Corpora have a column of their own.
  const own = differing.flatMap(({ name, values }) =>
    name === 'corpora' ? [] : [`${name}=${values[alike.indexOf(entry)] ?? 'not set'}`],
  );
  const more = own.length > MOST_SETTINGS ? [`and ${own.length - MOST_SETTINGS} more`] : [];
  return [entry.submissions[0]!.name, ...own.slice(0, MOST_SETTINGS), ...more];
}
