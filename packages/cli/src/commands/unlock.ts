import { printable } from '@medbench/core';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

interface UnlockFlags {
  readonly unit?: string;
  readonly force?: boolean;
}

/** Runs `medbench unlock RUN`. */
async function unlock(dir: string, flags: UnlockFlags): Promise<number> {
  const [{ unlock: free }, { describeHolder }] = await Promise.all([import('@medbench/api'), import('@medbench/core')]);
  const freed = await free(dir, { ...flags, log: (message) => console.error(printable(message)) });
  for (const { unit, holder } of freed) {
    const since = holder?.since === undefined ? '' : `, which took it at ${holder.since}`;
    console.log(printable(`${unit} is free; it was held by ${describeHolder(holder)}${since}`));
  }
  if (freed.length === 0) console.log('No lock is held.');
  return EXIT.ok;
}

export const unlockCommand: DeclareCommand = (program, done) => {
  program
    .command('unlock')
    .description('free the locks that a process left in a run folder, and say whose they were')
    .argument('<dir>', 'run folder')
    .option('--unit <id>', 'one unit, as medbench status lists them (default: all)')
    .option('--force', 'also free the lock of a process that is at work; it then stops before it writes again')
    .addHelpText(
      'after',
      `
Locks seldom need it: that of a process that has ended is free at once, and that of another machine after two minutes
without a sign of life. This command watches for 25 seconds, and refuses if it sees one.

Example:
  medbench unlock runs/study --unit clip-scratch:0`,
    )
    .action(async (dir, options) => done(await unlock(dir, options)));
};
