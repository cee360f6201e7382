import { printable } from '@medbench/core';
import type { KeptState } from '@medbench/runner';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

interface VerifyRunFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

const COLOURS = { current: pc.green, outdated: pc.yellow, damaged: pc.red, missing: pc.dim } as const;
const STATES = Object.keys(COLOURS) as readonly KeptState[];

/** Runs `medbench verify DIR`. @returns 0 if everything in the run folder follows from what is there, else 1. */
async function verify(dir: string, { json, ...options }: VerifyRunFlags): Promise<number> {
  const [{ verifyRun }, { readResults }] = await Promise.all([import('@medbench/api'), import('@medbench/report')]);
  const files = await verifyRun(dir, { ...options, log: (text) => console.error(pc.dim(printable(text))) });
  // Throws if the table is not that of the cells.
  if (files.every(({ state }) => state === 'current')) await readResults(dir);
  if (json) console.log(JSON.stringify(files, null, 1));
  else {
    for (const { state, file, changed } of files) {
      const why = changed.length > 0 ? `: other ${changed.join(', ')}` : '';
      console.log(`${COLOURS[state](state.padEnd(8))}  ${printable(file)}${why}`);
    }
    const counts = STATES.map((state) => [files.filter((file) => file.state === state).length, state] as const);
    console.log(`\n${counts.flatMap(([count, state]) => (count > 0 ? [`${count} ${state}`] : [])).join(', ')}`);
  }
  return files.every(({ state }) => state === 'current') ? EXIT.ok : EXIT.failed;
}

export const verifyCommand: DeclareCommand = (program, done) => {
  program
    .command('verify')
    .description('say whether the weights and figures of a run folder follow from the present data, code and settings')
    .argument('<dir>', 'run folder')
    .addOption(FLAG.data())
    .addOption(FLAG.config())
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Each file is current, outdated (data, code or settings have changed since), damaged (it does not hold what was written)
or missing. Nothing is trained, measured or written; the same run command makes what is not current. Exit code 1 if
anything is not current, or results.json does not show the figures of the cells.

Example:
  medbench verify runs/demo`,
    )
    .action(async (dir, options) => done(await verify(dir, options)));
};
