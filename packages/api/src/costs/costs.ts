import type { CorpusInfo } from '@medbench/core';
import type { Catalogue } from '@medbench/core/catalogue';
import { GENERAL, listUnits, type Plan, planGeneralTraining } from '@medbench/runner';
import type { RowPlan } from '../row-plan.js';
import { type StatedThroughput, TRAINING_OF_FORWARD } from './devices.js';
import { type DiskBytes, diskBytes } from './disk.js';
import { type EnergyCost, trainingEnergy } from './energy.js';
import { countExamples } from './examples.js';
import {
  fillEmbedding,
  pairSeconds,
  READ_AGAIN,
  scaleCell,
  scaleTowers,
  scaleTraining,
  type TrainingSeconds,
} from './laws.js';
import type { EmbeddedCount, MeasuredCell, MeasuredUnit, Measurements } from './measure/record.js';
import { makespan, type ScheduledWork } from './schedule.js';

/** Bytes of resized images that a process keeps for its later rows (see the trainer's embedder). */
const KEPT_VIEWS = 256 * 2 ** 20;

/** Cost of a row. All times are in seconds of one process. */
export interface RowCost {
  readonly id: string;
  /** Milliseconds of a steady step with its wait for the batch; absent if nothing is trained. */
  readonly stepMs?: number;
  /** Its training under one seed; 0 if nothing is trained. */
  readonly training: number;
  /** Its measurement on all tasks under one seed. */
  readonly evaluation: number;
  /** Under all seeds. */
  readonly total: number;
  /** Why it, or some of it, is not part of the costs. */
  readonly unknown?: string;
}

/** Cost of a run. */
export interface RunCosts {
  readonly rows: readonly RowCost[];
  /** Seconds that processes compute, all together. */
  readonly work: number;
  /** Number of processes or devices, and the seconds from start to end. */
  readonly jobs: number;
  readonly seconds: number;
  /** The same for other numbers of processes or devices, each with a core or device of its own. */
  readonly byJobs: readonly { readonly jobs: number; readonly seconds: number }[];
  /** Seconds that comparing rows and writing the table and the report take at the end. */
  readonly gather: number;
  readonly energy: EnergyCost;
  readonly disk: DiskBytes;
  /** Where the figures come from, and which laws scale them. */
  readonly notes: readonly string[];
}

/** The cells of a unit, each scaled to the examples of its task. */
interface ScaledCells {
  readonly seconds: number;
  /** Opening the data and reading the images, by task: what the first row of a process does. */
  readonly first: ReadonlyMap<string, number>;
  readonly reading: number;
}

function scaleCells(cells: readonly MeasuredCell[], plan: Plan, measurements: Measurements, pair: number): ScaledCells {
  const scaled = fillEmbedding(cells).map((cell) => {
    const kind = plan.tasks.find(({ id }) => id === cell.task)!.info.kind;
    return { task: cell.task, ...scaleCell(cell, kind, countExamples(plan, measurements, cell), pair) };
  });
  return {
    seconds: scaled.reduce((sum, one) => sum + one.seconds, 0),
    reading: scaled.reduce((sum, one) => sum + one.reading, 0),
    first: new Map(scaled.map(({ task, opening, reading }) => [task, opening + reading * (1 - READ_AGAIN)])),
  };
}

/** Pairs of the corpora that are trained on, by what they publish; undefined where one says nothing. */
function trainingPairs(infos: readonly CorpusInfo[]): number | undefined {
  const counts = infos.map(({ pairs }) => pairs?.train ?? (pairs ? Math.max(...Object.values(pairs)) : undefined));
  return counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum + count, 0) : undefined;
}

/** Pairs of all validations of one training together; 0 without validation. */
function validatedPairs({ config: { training }, corpora, validation }: Plan, steps: number): number {
  const { share, batches, batchSize, every } = training.validation;
  if (!validation && share === 0) return 0;
  const pairs = trainingPairs(corpora.map(({ info }) => info));
  const ofCorpus = validation?.entry.info.pairs?.val ?? validation?.entry.info.pairs?.valid;
  const held = validation ? ofCorpus : pairs === undefined ? undefined : pairs * share;
  const most = batches === null ? Number.POSITIVE_INFINITY : batches * (batchSize ?? training.batchSize);
  const each = Math.min(held ?? 10 * training.batchSize, most);
  const interval =
    every === 'epoch' ? (pairs === undefined ? steps : Math.max(1, Math.floor(pairs / training.batchSize))) : every;
  return each * Math.ceil(steps / interval);
}

/** Cost of a run's units, from measurements of some of their work. */
interface UnitCosts {
  readonly general: number;
  readonly rows: readonly (RowCost & { readonly transfers: boolean })[];
  /** Seconds that the first row of a process spends on each task besides: opening its data, reading its images. */
  readonly first: number;
}

function costUnits(plan: Plan, catalogue: Catalogue, rows: readonly RowPlan[], measurements: Measurements): UnitCosts {
  const { config } = plan;
  const findUnit = (id: string): MeasuredUnit | undefined => measurements.units.find(({ row }) => row === id);
  const training = (row: RowPlan, batchSize: number, validated: number): TrainingSeconds | undefined => {
    const unit = findUnit(row.id);
    if (!unit?.training || row.steps === undefined) return undefined;
    const { checkpointEvery } = config.training;
    const length = { phases: row.phases ?? [row.steps], batchSize, checkpointEvery, validatedPairs: validated };
    return scaleTraining({ ...unit, training: unit.training }, length, measurements.sample.steps);
  };
  const generalRow = rows.find(({ id }) => id === GENERAL);
  const general =
    generalRow && generalRow.trainings > 0
      ? training(generalRow, planGeneralTraining(config, catalogue).training.batchSize, 0)
      : undefined;
  const representative = measurements.units.find(({ training: trained, cells }) => trained && cells.length > 0);
  const first = new Map<string, number>();
  const costs = rows
    .filter(({ id }) => id !== GENERAL)
    .map((row) => {
      const unit = findUnit(row.id);
      const trained = training(row, config.training.batchSize, validatedPairs(plan, row.steps ?? 0));
      const pair = unit?.training ? pairSeconds(unit.training) : 0;
      const shared = representative?.cells ?? [];
      // Embeddings that another tool made are read, not computed.
      const cells =
        row.kind === 'control' ? (unit?.cells ?? []) : row.kind === 'embeddings' ? shared.map(unembedded) : shared;
      const scaled = scaleCells(cells, plan, measurements, pair);
      for (const [task, spent] of scaled.first) first.set(task, Math.max(first.get(task) ?? 0, spent));
      const again = scaled.reading * readAgain(plan, measurements, cells);
      const evaluation = row.cells === 0 ? 0 : scaled.seconds + again;
      const seconds = (trained?.total ?? 0) + evaluation;
      const failures = Object.entries((row.kind === 'control' ? unit : representative)?.failures ?? {});
      const unknown = row.error ?? unit?.error?.message ?? failures.map(([task, why]) => `${task}: ${why}`).join('; ');
      return {
        id: row.id,
        ...(trained ? { stepMs: trained.step * 1000 } : {}),
        training: trained?.total ?? 0,
        evaluation,
        total: seconds * config.seeds.length,
        ...(unknown ? { unknown } : {}),
        transfers: row.start === 'general',
      };
    });
  return {
    general: general?.total ?? 0,
    rows: costs,
    first: [...first.values()].reduce((sum, spent) => sum + spent, 0),
  };
}

const NOTHING: EmbeddedCount = { asked: 0, embedded: 0, reading: 0, embedding: 0 };
const unembedded = (cell: MeasuredCell): MeasuredCell => ({ ...cell, images: NOTHING, texts: NOTHING });

/** Share of reading that a later row of a process takes: all of it where the images do not fit into its cache. */
function readAgain(plan: Plan, measurements: Measurements, cells: readonly MeasuredCell[]): number {
  const images = cells.reduce(
    (sum, cell) =>
      sum + (cell.used > 0 ? (cell.images.asked * countExamples(plan, measurements, cell)) / cell.used : 0),
    0,
  );
  return images * 3 * measurements.imageSize ** 2 > KEPT_VIEWS ? 1 : READ_AGAIN;
}

/** Seconds of the process that gathers: what it does beside the others, and at the end. */
function gatherSeconds(plan: Plan, { gather, ...measurements }: Measurements): { beside: number; end: number } {
  const { phases, leaks, rows: measuredRows } = gather;
  const searched = Object.entries(leaks);
  const used = searched.reduce((sum, [, counts]) => sum + counts.used, 0);
  const total = searched.reduce((sum, [task, counts]) => {
    return sum + countExamples(plan, measurements, { task, total: counts.total });
  }, 0);
  const units = plan.rows.length * plan.config.seeds.length;
  const perRow = units / Math.max(1, measuredRows);
  const pairs = (units * (units - 1)) / Math.max(1, measuredRows * (measuredRows - 1));
  const get = (phase: string): number => phases[phase] ?? 0;
  return {
    beside: get('leak search') * (used > 0 ? total / used : 1) + get('opening data') + get('other') * perRow,
    end: get('statistics') * pairs + get('galleries') + get('report') * Math.sqrt(perRow),
  };
}

/** Seconds before the first unit of a process: its start, hashing the data of the tasks, opening the corpora. */
function startSeconds({ units, startUp }: Measurements): number {
  const longest = (which: readonly MeasuredUnit[]): number =>
    Math.max(0, ...which.map(({ phases }) => phases['opening data'] ?? 0));
  const rows = units.filter(({ row }) => row !== GENERAL);
  return startUp + longest(rows.filter(({ training }) => !training)) + longest(rows.filter(({ training }) => training));
}

/** Seconds that the processes of a run spend, from its start to its end. */
function runSeconds(work: ScheduledWork, gather: { beside: number; end: number }, jobs: number): number {
  const processes = Math.max(1, Math.min(jobs, work.units.length));
  // The process that gathers looks for leaks while the others train, on cores that they need too.
  return makespan(work, processes) + gather.beside / processes + gather.end;
}

/** Options of `costRun` besides the plan. */
export interface CostOptions {
  /** Number of processes or devices. */
  readonly jobs: number;
  /** Power that is assumed where it could not be measured. */
  readonly watts: number;
  /** A device whose throughput is stated: steps and embedding take as much less as it is faster than this machine. */
  readonly device?: { readonly name: string } & StatedThroughput;
}

/** Works out what a run costs. */
export function costRun(
  plan: Plan,
  catalogue: Catalogue,
  rows: readonly RowPlan[],
  here: Measurements,
  { jobs, watts, device }: CostOptions,
): RunCosts {
  const measurements = device ? onDevice(here, device) : here;
  const { general, rows: rowCosts, first } = costUnits(plan, catalogue, rows, measurements);
  const gather = gatherSeconds(plan, measurements);
  const byId = new Map(rowCosts.map((cost) => [cost.id, cost]));
  const units = listUnits(plan).map(({ row }) => {
    const { training, evaluation, transfers } = byId.get(row)!;
    return { seconds: training + evaluation, waits: transfers };
  });
  const perProcess = startSeconds(measurements) + first;
  const work: ScheduledWork = { first: general, units, perProcess };
  const total = units.reduce((sum, unit) => sum + unit.seconds, 0) + general + gather.beside + gather.end;
  const numbers = [...new Set([1, 2, 4, 8, 16].filter((count) => count <= Math.max(jobs, units.length)))];
  const seconds = (count: number): number => measurements.startUp + runSeconds(work, gather, count);
  const seeds = plan.config.seeds.length;
  const generalCost: RowCost[] =
    general > 0
      ? [{ id: GENERAL, ...measuredStep(measurements, GENERAL), training: general, evaluation: 0, total: general }]
      : [];
  const trained = rowCosts.reduce((sum, { training }) => sum + training * seeds, general);
  return {
    rows: [...generalCost, ...rowCosts.map(({ transfers: _, ...cost }) => cost)],
    work: total,
    jobs,
    seconds: seconds(jobs),
    byJobs: numbers.map((count) => ({ jobs: count, seconds: seconds(count) })),
    gather: gather.end,
    energy: trainingEnergy(trained, measurements, watts),
    disk: diskBytes(plan, rows, measurements, jobs),
    notes: [...(device ? describeDevice(here, device) : []), ...describeSource(measurements)],
  };
}

/** How many times faster a device is than this machine, on the towers that its throughput is stated for. */
const speedUp = ({ reference = 0 }: Measurements, { pairsPerSecond }: StatedThroughput): number =>
  TRAINING_OF_FORWARD * reference * pairsPerSecond;

/** Measurements as a device would have them. What the processor does takes as long as here. */
const onDevice = (measurements: Measurements, device: StatedThroughput): Measurements =>
  scaleTowers(measurements, 1 / speedUp(measurements, device));

const describeDevice = (measurements: Measurements, device: StatedThroughput & { readonly name: string }): string[] => [
  `${device.name}: ${device.pairsPerSecond.toLocaleString('en')} pairs per second of CLIP with ViT-B/16, stated and not measured by medbench (${device.source}); ` +
    `assumed: steps and embedding are ${Math.round(speedUp(measurements, device)).toLocaleString('en')} times as fast as here for all rows, and all else is as here`,
];

const measuredStep = ({ units }: Measurements, id: string): { stepMs?: number } => {
  const training = units.find(({ row }) => row === id)?.training;
  return training ? { stepMs: training.stepMs + training.waitMs } : {};
};

/** Says where the figures come from. */
function describeSource({ sample, units, missing, processes, seconds }: Measurements): string[] {
  const trains = [
    ...new Set(
      units.flatMap(({ cells }) => cells.flatMap((cell) => cell.trainsTowers.map(({ protocol }) => protocol))),
    ),
  ];
  return [
    `measured on this machine in ${Math.round(seconds)} s, ${processes === 1 ? 'in one process' : `in ${processes} processes at once`}: ` +
      `${sample.steps} steps of each row, at most ${sample.examples} examples of a task and ${sample.embedded} images of a list`,
    ...(missing.length > 0
      ? [
          `not here: ${missing.join(', ')}; measured on generated images of the towers' size, and scaled to the published numbers of examples`,
        ]
      : []),
    ...trains.map((protocol) => `${protocol}: assumed, a training step for each example and epoch`),
  ];
}
