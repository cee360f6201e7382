import type { ScheduledUnit } from '@medbench/api';
import { printable } from '@medbench/core';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

const COLOURS = { done: pc.green, working: pc.cyan, waiting: pc.dim, failed: pc.red } as const;
const STATES = Object.keys(COLOURS) as readonly ScheduledUnit['state'][];

/** Describes what is known of a unit beside its state. */
function describe(
  { state, host, pid, since, progress = {}, why, needs, job }: ScheduledUnit,
  open: ReadonlySet<string>,
): string {
  const { step, steps, task } = progress;
  const parts: string[] = [];
  if (state === 'working') {
    parts.push(`process ${pid} on ${host}`);
    if (since !== undefined) parts.push(`since ${since}`);
    if (step !== undefined) parts.push(`step ${step} of ${steps}`);
    if (task !== undefined) parts.push(`measures ${task}`);
  }
  if (state === 'failed') parts.push(`on ${host}: ${why}`);
  const before = needs.filter((id) => open.has(id));
  if (state === 'waiting' && before.length > 0) {
    parts.push(before.length > 3 ? `after ${before.length} others` : `after ${before.join(', ')}`);
  }
  if (job) parts.push(`${job.launcher} job ${job.job} ${job.state}`);
  return printable(parts.join(', '));
}

/** Runs `medbench status RUN`. */
async function status(dir: string, { json }: { readonly json?: boolean }): Promise<number> {
  const [{ unitStates }, { inColumns }, { consoleObserver }] = await Promise.all([
    import('@medbench/api'),
    import('../columns.js'),
    import('../progress.js'),
  ]);
  const units = await unitStates(dir, { observer: { ...consoleObserver(process.stderr), message: () => {} } });
  if (json) {
    console.log(JSON.stringify(units, null, 1));
    return EXIT.ok;
  }
  const open = new Set(units.flatMap(({ id, state }) => (state === 'done' || state === 'failed' ? [] : [id])));
  console.log(inColumns(units.map((unit) => [COLOURS[unit.state](unit.state), unit.id, describe(unit, open)])));
  const counts = STATES.map((state) => [units.filter((unit) => unit.state === state).length, state] as const);
  console.log(`\n${counts.flatMap(([count, state]) => (count > 0 ? [`${count} ${state}`] : [])).join(', ')}`);
  return EXIT.ok;
}

export const statusCommand: DeclareCommand = (program, done) => {
  program
    .command('status')
    .description('list the units of a run: done, working (where, since when, how far), waiting or failed (why)')
    .argument('<dir>', 'run folder')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
A unit is a row under a seed. Two more are general, the general-domain weights, and gather, the table and the report. A
unit is done if its files are there and follow from the present data, code and settings.

Example:
  medbench status runs/study`,
    )
    .action(async (dir, options) => done(await status(dir, options)));
};
