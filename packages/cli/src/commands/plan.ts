import type { KeptImages, RowPlan, RunPlan } from '@medbench/api';
import { inColumns } from '../columns.js';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { type RunFlags, withRunFlags } from '../flags.js';
import { toBenchmarkOptions } from './run.js';

const number = (value: number | undefined): string => (value === undefined ? '—' : value.toLocaleString('en'));

const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const COLUMNS = [
  'row',
  'starts from',
  'parameters',
  'trained',
  'frozen',
  'steps',
  'batch size',
  'peak MiB',
  'trainings',
  'cells',
] as const;

/** Formats the plan of a row as the cells of one line. */
function renderRow(row: RowPlan): string[] {
  const { id, start, parameters, steps, pairsPerStep, peakMiB, trainings, cells, chunkSize, phases } = row;
  return [
    id,
    start ?? '—',
    number(parameters?.total),
    number(parameters?.trainable),
    number(parameters?.frozen),
    number(steps) + (phases ? ` (${phases.join(' + ')})` : ''),
    number(pairsPerStep) + (chunkSize === undefined ? '' : ` in chunks of ${chunkSize}`),
    number(peakMiB),
    trainings === 0 ? '—' : number(trainings),
    number(cells),
  ];
}

/** Returns a note on the memory that the peak does not include, because planning does not read data. */
function keptNote({ bytesPerThousand, bytesAtMost }: KeptImages): string {
  const mebibytes = (bytes: number): string => number(Math.ceil(bytes / 2 ** 20));
  return `peak MiB: of the process while it trains; cached decoded images add ${mebibytes(bytesPerThousand)} MiB per 1,000 pairs, ${mebibytes(bytesAtMost)} MiB at most`;
}

/** Describes on which pairs, when and by which loss the rows are validated. */
function describeValidation(validation: NonNullable<RunPlan['validation']>): string {
  const { corpus, share, batches, batchSize, loss, lossOf, every, patience, keep } = validation;
  const pairs = corpus ?? `${number(share * 100)} % of the training pairs`;
  const losses = { own: 'the own loss', clip: "CLIP's loss" };
  const others = Object.entries(lossOf).map(([id, other]) => ` (${id}: ${losses[other]})`);
  return [
    `validated on ${pairs}, ${batches === null ? 'all' : `at most ${number(batches)}`} batches of ${number(batchSize)}`,
    `${losses[loss]}${others.join('')}`,
    every === 'epoch' ? 'after every epoch' : `every ${number(every)} steps`,
    patience === null ? 'no early stop' : `stops after ${counted(patience, 'loss', 'losses')} without a lower one`,
    `keeps the ${keep} weights`,
  ].join(', ');
}

/** Formats what differs from another preset. */
function renderDifferences({ from, list }: NonNullable<RunPlan['differences']>): string {
  if (list.length === 0) return `no setting differs from the preset ${from}`;
  const lines = list.map((line) => [line.setting, line.from, line.to, line.where.join(', ') || 'the run']);
  return `what differs from the preset ${from}\n${inColumns([['setting', from, 'here', 'where'], ...lines])}`;
}

function print(runPlan: RunPlan, out: string): void {
  const { backend, jobs, threads, seeds, tasks, protocols, corpora, validation, encoders, generalWeights, exists } =
    runPlan;
  const { totals, rows, keptImages, differences } = runPlan;
  console.log(
    `${rows.filter(({ kind }) => kind !== 'general').length} rows x ${tasks.length} tasks, seeds ${seeds.join(', ')}`,
  );
  console.log(`${encoders.image} and ${encoders.text}, trained on ${corpora.join(', ')}`);
  if (validation) console.log(describeValidation(validation));
  if (protocols.length > 0) console.log(`measured by ${protocols.join(', ')}`);
  console.log(`backend ${backend.id}: ${backend.why}`);
  console.log(`${counted(jobs, 'process', 'processes')} with ${counted(threads, 'thread', 'threads')} each`);
  if (generalWeights !== null) console.log(`general-domain weights: ${generalWeights}`);
  console.log(`run folder ${out}${exists ? ', which exists: its finished results are reused' : ''}\n`);
  console.log(inColumns([COLUMNS, ...rows.map(renderRow)], [2, 3, 4, 5, 6, 7, 8, 9]));
  for (const { id, error } of rows) if (error !== undefined) console.log(`\n${id} cannot be trained: ${error}`);
  if (rows.some(({ peakMiB }) => peakMiB !== undefined)) console.log(`\n${keptNote(keptImages)}`);
  if (differences) console.log(`\n${renderDifferences(differences)}`);
  const { trainings, steps, cells } = totals;
  console.log(`\n${number(trainings)} trainings of ${number(steps)} steps in all, ${number(cells)} cells`);
}

/** Runs `medbench plan`. @returns 0, or 1 if a row cannot be trained. */
async function plan(flags: RunFlags): Promise<number> {
  const { plan: planRun } = await import('@medbench/api');
  const runPlan = await planRun({ ...(await toBenchmarkOptions(flags)), out: flags.out });
  if (flags.json) {
    const { backend, keptImages: _, ...rest } = runPlan;
    console.log(JSON.stringify({ backend: backend.id, ...rest }, null, 1));
  } else print(runPlan, flags.out ?? '');
  return runPlan.rows.some(({ error }) => error !== undefined) ? EXIT.failed : EXIT.ok;
}

export const planCommand: DeclareCommand = (program, done) => {
  withRunFlags(program.command('plan'))
    .description(
      'show what a run would do, without running it: rows, parameters, steps, cells, and what differs from another preset; takes the flags of run',
    )
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      '\nExamples:\n  medbench plan --methods all --tasks vqa-rad --seed 0,1,2\n  medbench plan --preset study-as-meant',
    )
    .action(async (options) => done(await plan(options)));
};
