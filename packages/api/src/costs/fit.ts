import type { Catalogue } from '@medbench/core/catalogue';
import type { Plan } from '@medbench/runner';
import type { RowPlan } from '../row-plan.js';
import { type CostOptions, costRun } from './costs.js';
import { scaleTowers } from './laws.js';
import type { Measurements, SmallerTowers } from './measure/record.js';

/** Fewest steps for which a large batch is kept, and the smallest batch that is proposed. */
const FEWEST_STEPS = 500;
const SMALLEST_BATCH = 32;

/** Settings with which a run fits into a number of hours. */
export interface Fit {
  readonly hours: number;
  /** Seconds from start to end with the settings; absent if no settings were found. */
  readonly seconds?: number;
  /** The settings as `--set` takes them; empty if the run fits as it is. */
  readonly settings: readonly string[];
  /** Sentences on what is given up, or why nothing fits. */
  readonly givenUp: readonly string[];
}

/** A plan with other steps, batch size and towers, and the cost that it has. */
interface Candidate {
  readonly steps: number;
  readonly batchSize: number;
  readonly towers: SmallerTowers | undefined;
  readonly seconds: number;
}

/** The rows with another number of steps: each phase keeps its share. */
function withSteps(rows: readonly RowPlan[], share: number): RowPlan[] {
  return rows.map((row) => {
    if (row.steps === undefined) return row;
    const steps = Math.max(1, Math.round(row.steps * share));
    return { ...row, steps, ...(row.phases ? { phases: row.phases.map((count) => count * share) } : {}) };
  });
}

function withTraining(plan: Plan, steps: number, batchSize: number): Plan {
  return { ...plan, config: { ...plan.config, training: { ...plan.config.training, steps, batchSize } } };
}

/**
 * The largest whole number up to `most` for which a rising function stays below a limit; undefined if it does not at 1.
 */
export function largestBelow(most: number, limit: number, at: (n: number) => number): number | undefined {
  if (at(1) > limit) return undefined;
  let [low, high] = [1, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (at(middle) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Two digits, so that a setting reads like one that a person has chosen. */
function rounded(steps: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(steps)) - 1);
  return Math.floor(steps / unit) * unit;
}

/**
 * Chooses steps, then a smaller batch, then smaller towers, so that a run ends within some hours. Steps are given up first:
 * fewer of them is the same training, stopped early with a schedule of its own. Below 500 steps a smaller batch takes more of
 * them in the same time, and towers change last.
 */
export function fitRun(
  plan: Plan,
  catalogue: Catalogue,
  rows: readonly RowPlan[],
  measurements: Measurements,
  { hours, ...options }: CostOptions & { readonly hours: number },
): Fit {
  const limit = hours * 3600;
  const { steps: wanted, batchSize: whole } = plan.config.training;
  const secondsWith = (steps: number, batchSize: number, towers?: SmallerTowers): number => {
    const measured = towers ? scaleTowers(measurements, towers.share) : measurements;
    return costRun(withTraining(plan, steps, batchSize), catalogue, withSteps(rows, steps / wanted), measured, options)
      .seconds;
  };
  const asPlanned = secondsWith(wanted, whole);
  if (asPlanned <= limit) return { hours, seconds: asPlanned, settings: [], givenUp: [] };
  const enough = Math.min(wanted, FEWEST_STEPS);
  let best: Candidate | undefined;
  for (const towers of [undefined, ...measurements.smaller]) {
    for (let batchSize = whole; batchSize === whole || batchSize >= SMALLEST_BATCH; batchSize /= 2) {
      const most = largestBelow(wanted, limit, (steps) => secondsWith(steps, batchSize, towers));
      if (most === undefined) continue;
      const steps = most === wanted ? most : rounded(most);
      const candidate = { steps, batchSize, towers, seconds: secondsWith(steps, batchSize, towers) };
      if (!best || steps > best.steps) best = candidate;
      if (steps >= enough) return describeFit(plan, hours, candidate);
      if (batchSize % 2 !== 0) break;
    }
  }
  if (best) return describeFit(plan, hours, best);
  return {
    hours,
    settings: [],
    givenUp: [
      'nothing fits: one step of each row and the evaluation take longer. Name fewer --methods, --tasks or seeds, or more --jobs',
    ],
  };
}

const count = (n: number): string => Math.round(n).toLocaleString('en');

function describeFit({ config }: Plan, hours: number, { steps, batchSize, towers, seconds }: Candidate): Fit {
  const { training, encoders, general } = config;
  const share = (100 * steps * batchSize) / (training.steps * training.batchSize);
  const warmup = Math.floor((training.warmup * steps) / training.steps);
  const settings = [
    `training.steps=${steps}`,
    ...(warmup === training.warmup ? [] : [`training.warmup=${warmup}`]),
    ...(batchSize === training.batchSize ? [] : [`training.batchSize=${batchSize}`]),
    ...(batchSize === training.batchSize || training.chunkSize === null || training.chunkSize < batchSize
      ? []
      : ['training.chunkSize=null']),
    ...(general.weights === null && general.steps > steps ? [`general.steps=${steps}`] : []),
    ...(towers ? [`encoders.image=${towers.image}`] : []),
    ...(towers && general.weights !== null ? ['general.weights=null', `general.steps=${steps}`] : []),
    ...(towers && general.image ? ['general.image=null'] : []),
  ];
  const givenUp = [
    `${share < 1 ? share.toPrecision(1) : Math.round(share)} % of the pairs are seen: ${count(steps * batchSize)} of ${count(training.steps * training.batchSize)}`,
    ...(batchSize === training.batchSize
      ? []
      : [`${batchSize - 1} other pairs in a batch to tell a pair from, in place of ${training.batchSize - 1}`]),
    ...(towers ? [`${towers.image} in place of ${encoders.image}: the figures are those of another model`] : []),
    ...(towers && general.weights !== null ? [`${general.weights}: its weights do not fit the smaller tower`] : []),
    ...(towers && general.image ? [`${general.image}: its weights do not fit the smaller tower`] : []),
  ];
  return { hours, seconds, settings, givenUp };
}
