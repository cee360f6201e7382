import type { KeptImages, RowPlan, RunPlan } from '@medbench/api';
import { InvalidArgumentError, Option } from 'commander';
import { inColumns } from '../columns.js';
import type { DeclareCommand } from '../command.js';
import { renderCosts, renderFit } from '../costs.js';
import { EXIT } from '../errors.js';
import { FLAG, type RunFlags, withRunFlags } from '../flags.js';
import { renderMeasured } from '../measured.js';
import { toBenchmarkOptions } from './run.js';

const number = (value: number | undefined): string => (value === undefined ? '—' : value.toLocaleString('en'));

const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const columns = (memory: string): string[] => [
  'row',
  'starts from',
  'parameters',
  'trained',
  'frozen',
  'steps',
  'batch size',
  memory,
  'trainings',
  'cells',
];

/** Formats the plan of a row as the cells of one line. */
function renderRow(row: RowPlan): string[] {
  const { id, start, parameters, steps, pairsPerStep, peakMiB, deviceMiB, trainings, cells, chunkSize, phases } = row;
  return [
    id,
    start ?? '—',
    number(parameters?.total),
    number(parameters?.trainable),
    number(parameters?.frozen),
    number(steps) + (phases ? ` (${phases.join(' + ')})` : ''),
    number(pairsPerStep) + (chunkSize === undefined ? '' : ` in chunks of ${chunkSize}`),
    number(deviceMiB ?? peakMiB),
    trainings === 0 ? '—' : number(trainings),
    number(cells),
  ];
}

/** Returns a note on the memory that the peak does not include, because planning does not read data. */
function keptNote({ bytesPerThousand, bytesAtMost }: KeptImages): string {
  const mebibytes = (bytes: number): string => number(Math.ceil(bytes / 2 ** 20));
  return `peak MiB: of the process while it trains; cached decoded images add ${mebibytes(bytesPerThousand)} MiB per 1,000 pairs, ${mebibytes(bytesAtMost)} MiB at most`;
}

const DEVICE_NOTE =
  "device MiB: of the device while a row trains, by the compiler's figures; what a GPU chooses by timing may take a few per cent more or less";

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

const MEASURED_NOTE = 'measured on this machine, with generated pairs (--backend takes another than the one above)';

/** Says which part is computed in which arithmetic; nothing of float32, in which all is. */
const PRECISION_NOTES: Readonly<Record<RunPlan['precision'], string | undefined>> = {
  float32: undefined,
  tf32: 'factors of matrix products and convolutions rounded to 10 bits by the GPU; all else in float32',
  bfloat16:
    'matrix products with weights, convolutions and attention in bfloat16; statistics of norms, softmax, losses, weights and the optimizer in float32',
};

/** Formats what differs from another preset. */
function renderDifferences({ from, list }: NonNullable<RunPlan['differences']>): string {
  if (list.length === 0) return `no setting differs from the preset ${from}`;
  const lines = list.map((line) => [line.setting, line.from, line.to, line.where.join(', ') || 'the run']);
  return `what differs from the preset ${from}\n${inColumns([['setting', from, 'here', 'where'], ...lines])}`;
}

/**
 * Says what freezes together in a tower: its stages in order. Blocks of one size that follow each other are named by
 * their first and last.
 */
function describeStages(tower: string, stages: RunPlan['stages']['image']): string {
  const groups: { first: string; last: string; count: number; parameters: number; kind: string }[] = [];
  for (const { name, kind, parameters } of stages) {
    const group = groups.at(-1);
    if (kind === 'block' && group?.kind === kind && group.parameters === parameters) {
      group.last = name;
      group.count++;
    } else groups.push({ first: name, last: name, count: 1, parameters, kind });
  }
  const texts = groups.map(({ first, last, count, parameters }) =>
    count === 1 ? `${first} ${number(parameters)}` : `${first} to ${last} ${count} x ${number(parameters)}`,
  );
  const blocks = stages.filter(({ kind }) => kind === 'block').length;
  return `${tower} tower freezes in ${counted(blocks, 'block', 'blocks')}: ${texts.join(', ')}`;
}

const ORIGINS: Readonly<Record<RunPlan['images']['from'], string>> = {
  settings: 'model.preprocessing',
  weights: 'the configuration of the weights',
  encoder: 'the image encoder',
  clip: 'as in CLIP',
};

/** Says how images become the input of the image encoder, and who says so. */
function describeImages({ preprocessing, from }: RunPlan['images']): string {
  const { mean, std, interpolation, resize, crop } = preprocessing;
  const part = crop === 1 ? '' : `, the middle ${crop} of a side`;
  return `images: ${resize === 'squash' ? 'both sides' : 'shorter side'} resized, ${interpolation}${part}; mean ${mean.join(', ')}; deviation ${std.join(', ')} (${ORIGINS[from]})`;
}

function print(runPlan: RunPlan, out: string): void {
  const { backend, jobs, threads, seeds, tasks, protocols, corpora, validation, encoders, generalWeights, exists } =
    runPlan;
  const { vocabulary, towerWeights } = runPlan;
  const { totals, rows, keptImages, differences, device, precision, measured, costs, fit, images, stages } = runPlan;
  const onDevice = rows.some(({ deviceMiB }) => deviceMiB !== undefined);
  console.log(
    `${rows.filter(({ kind }) => kind !== 'general').length} rows x ${tasks.length} tasks, seeds ${seeds.join(', ')}`,
  );
  console.log(`${encoders.image} and ${encoders.text}, trained on ${corpora.join(', ')}`);
  if (validation) console.log(describeValidation(validation));
  if (protocols.length > 0) console.log(`measured by ${protocols.join(', ')}`);
  console.log(`backend ${backend.id}: ${backend.why}`);
  if (device)
    console.log(
      `planned for ${device.title}, which need not be here: ${number(Math.floor(device.memoryBytes / 2 ** 20))} MiB for programs`,
    );
  const precisionNote = PRECISION_NOTES[precision];
  if (precisionNote) console.log(`precision ${precision}: ${precisionNote}`);
  console.log(`${counted(jobs, 'process', 'processes')} with ${counted(threads, 'thread', 'threads')} each`);
  if (vocabulary !== null) console.log(`vocabulary ${vocabulary}`);
  if (generalWeights !== null) console.log(`general-domain weights: ${generalWeights}`);
  for (const tower of ['image', 'text'] as const) {
    if (towerWeights[tower] !== null) console.log(`weights of the ${tower} tower: ${towerWeights[tower]}`);
  }
  console.log(describeImages(images));
  for (const tower of ['image', 'text'] as const) console.log(describeStages(tower, stages[tower]));
  console.log(`run folder ${out}${exists ? ', which exists: its finished results are reused' : ''}\n`);
  console.log(
    inColumns([columns(onDevice ? 'device MiB' : 'peak MiB'), ...rows.map(renderRow)], [2, 3, 4, 5, 6, 7, 8, 9]),
  );
  for (const { id, error } of rows) if (error !== undefined) console.log(`\n${id} cannot be trained: ${error}`);
  if (onDevice) console.log(`\n${DEVICE_NOTE}`);
  if (rows.some(({ peakMiB }) => peakMiB !== undefined)) console.log(`\n${keptNote(keptImages)}`);
  if (measured.length > 0) {
    console.log(`\n${MEASURED_NOTE}`);
    for (const step of measured) console.log(renderMeasured(step, false));
  }
  if (costs) console.log(`\n${renderCosts(costs, onDevice ? 'device' : 'process')}`);
  if (fit) console.log(`\n${renderFit(fit)}`);
  if (differences) console.log(`\n${renderDifferences(differences)}`);
  const { trainings, steps, cells } = totals;
  console.log(`\n${number(trainings)} trainings of ${number(steps)} steps in all, ${number(cells)} cells`);
}

/** Parses a positive number of hours. */
function parseHours(value: string): number {
  const hours = Number(value);
  if (hours > 0 && Number.isFinite(hours)) return hours;
  throw new InvalidArgumentError('Give a positive number of hours.');
}

/** Runs `medbench plan`. @returns 0, or 1 if a row cannot be trained. */
async function plan(
  flags: RunFlags & { readonly device?: string; readonly measure?: 'costs' | 'backends'; readonly maxHours?: number },
): Promise<number> {
  const { plan: planRun } = await import('@medbench/api');
  const { out, device, measure, jobs, maxHours } = flags;
  const log = (line: string): void => console.error(line);
  const runPlan = await planRun({ ...(await toBenchmarkOptions(flags)), out, device, measure, jobs, maxHours, log });
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
    .option(
      '--device <name>',
      'estimate the memory of a GPU that need not be here, such as h100, by compiling for it (medbench engines add xla-cuda13-compiler)',
    )
    .addOption(
      new Option(
        '--measure [what]',
        'costs: carry out a small part of the run here, and say what hours, disk and energy all of it takes; backends: time two training steps of each row on each backend of the CPU (compiled, xla-cpu). Later plans show what was measured',
      )
        .choices(['costs', 'backends'])
        .preset('costs'),
    )
    .addOption(FLAG.planned())
    .option(
      '--max-hours <h>',
      'choose steps, batch size and towers with which the run ends within so many hours, and say what is given up (with --measure, or after it)',
      parseHours,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  medbench plan --methods all --tasks vqa-rad --seed 0,1,2\n  medbench plan --preset study-as-meant\n  medbench plan --preset demo --measure --max-hours 1\n  medbench plan --preset study --device h100 --set training.precision=bfloat16',
    )
    .action(async (options) => done(await plan(options)));
};
