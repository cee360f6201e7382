import { printable } from '@medbench/core';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

/** Runs `medbench cancel RUN`. */
async function cancel(dir: string): Promise<number> {
  const [{ cancelRun }, { inColumns }] = await Promise.all([import('@medbench/api'), import('../columns.js')]);
  const ended = await cancelRun(dir);
  if (ended.length === 0) console.log('No scheduler has a job of this run.');
  else console.log(inColumns(ended.map(({ job, unit, state }) => [job, printable(unit), printable(state)])));
  return EXIT.ok;
}

export const cancelCommand: DeclareCommand = (program, done) => {
  program
    .command('cancel')
    .description('end the jobs that a scheduler has of a run, those that wait and those that run')
    .argument('<dir>', 'run folder')
    .addHelpText(
      'after',
      `
Jobs that run leave a checkpoint. What is finished stays, and the run command submits the rest again. Processes of --launcher
local are ended where they run, with Ctrl-C.

Example:
  medbench cancel runs/study`,
    )
    .action(async (dir) => done(await cancel(dir)));
};
