import { resolve } from 'node:path';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { parseSeeds } from '../flags.js';

/** Runs `medbench data phantoms`. */
async function dataPhantoms({ out, seed }: { out: string; seed: number }): Promise<number> {
  const { writePhantoms } = await import('@medbench/phantoms');
  const folder = resolve(out);
  await writePhantoms(folder, { seed, log: (message) => console.error(message) });
  console.log(folder);
  return EXIT.ok;
}

export const dataPhantomsCommand: DeclareCommand = (program, done) => {
  program
    .command('phantoms')
    .description('write generated data in the on-disk formats of the real data')
    .option('--out <dir>', 'folder to write to', '.medbench/phantoms')
    .option('--seed <n>', 'seed of the generator', (value) => parseSeeds(value)[0], 0)
    .addHelpText('after', '\nExample:\n  medbench data phantoms --out phantoms --seed 1')
    .action(async (options) => done(await dataPhantoms(options)));
};
