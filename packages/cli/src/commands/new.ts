import { MedbenchError } from '@medbench/core';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

/**
 * Runs `medbench new KIND NAME`. @returns 0.
 * @throws MedbenchError('usage') for an unknown kind, a wrong name, or a folder that has files already.
 */
async function createNew(kind: string, name: string, { out }: { readonly out?: string }): Promise<number> {
  const { createFolder, nextSteps, ScaffoldError } = await import('create-medbench');
  try {
    console.log(nextSteps(createFolder({ kind, name, out })));
    return EXIT.ok;
  } catch (cause) {
    if (!(cause instanceof ScaffoldError)) throw cause;
    throw new MedbenchError('usage', cause.message, { hint: cause.hint, cause });
  }
}

export const newCommand: DeclareCommand = (program, done) => {
  program
    .command('new')
    .description('create a folder for a plugin or study that builds and passes its tests')
    .argument('<kind>', 'method, objective, task, corpus, encoder, protocol, control or study')
    .argument('<name>', 'lower case with hyphens, such as my-loss; it becomes the id')
    .option('--out <dir>', 'the folder (default: medbench-<kind>-<name>)')
    .addHelpText(
      'after',
      `
npm create medbench does the same where medbench is not installed.

Examples:
  medbench new method my-loss
  medbench new task my-scans --out ./my-scans
  medbench new study freezing`,
    )
    .action(async (kind, name, options) => done(await createNew(kind, name, options)));
};
