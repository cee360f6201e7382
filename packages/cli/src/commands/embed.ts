import { MedbenchError } from '@medbench/core';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { collect, parseSeeds, type RunFlags } from '../flags.js';
import { toBenchmarkOptions } from './run.js';

interface EmbedFlags extends Omit<RunFlags, 'seed'> {
  readonly method?: string;
  readonly seed?: number;
  readonly inputs?: boolean;
  readonly out: string;
}

/** Flags that only work with --inputs, and flags that only work with a run folder. */
const OF_INPUTS = ['data', 'preset', 'config', 'set'] as const;
const OF_RUN = ['method', 'seed'] as const;

/** Checks that flags fit together. @throws MedbenchError('usage') */
function checkFlags(dir: string | undefined, flags: EmbedFlags): void {
  if (dir === undefined && !flags.inputs) {
    throw new MedbenchError('usage', 'embed needs a run folder, or --inputs', {
      hint: 'medbench embed runs/latest --method clip --out clip-embeddings',
    });
  }
  if (dir !== undefined && flags.inputs) {
    throw new MedbenchError('usage', `embed takes either the run folder ${dir} or --inputs`, {
      hint: 'A run folder exports embeddings; --inputs writes images and texts from the data.',
    });
  }
  const foreign = (flags.inputs ? OF_RUN : OF_INPUTS).find((name) => flags[name] !== undefined);
  if (foreign) {
    throw new MedbenchError('usage', `--${foreign} has no effect ${flags.inputs ? 'with' : 'without'} --inputs`, {
      hint: 'See medbench embed --help.',
    });
  }
}

/**
 * Runs `medbench embed`.
 * @throws MedbenchError('usage') for wrong flags, or a row or task that the run does not have.
 */
async function embed(dir: string | undefined, flags: EmbedFlags): Promise<number> {
  checkFlags(dir, flags);
  const api = await import('@medbench/api');
  if (dir !== undefined) {
    for (const folder of await api.embed(dir, flags)) console.log(folder);
    return EXIT.ok;
  }
  const { method: _, seed: __, ...rest } = flags;
  await api.embeddingInputs(await toBenchmarkOptions(rest), {
    out: flags.out,
    wrote: (folder) => console.log(folder),
    log: (message) => console.error(message),
  });
  return EXIT.ok;
}

export const embedCommand: DeclareCommand = (program, done) => {
  program
    .command('embed')
    .description('export the embeddings that a run cached; or write the images and texts for another tool to embed')
    .argument('[dir]', 'run folder')
    .option('--method <id>', 'row of the table')
    .option('--seed <n>', 'seed of the row (default: 0)', (value) => parseSeeds(value)[0])
    .option('--tasks <ids>', 'ids separated by commas (default: all that the run measured)')
    .requiredOption('--out <dir>', 'folder for <task>/<array>.npy, or for images and texts')
    .option('--inputs', 'write the images (PNG) and texts (JSON) of the tasks, in the order of the rows of the arrays')
    .option('--data <dir>', 'with --inputs: folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--preset <id>', 'with --inputs: a bundle of settings')
    .option('--config <file>', 'with --inputs: configuration file')
    .option('--set <path=value>', 'with --inputs: any setting (repeatable)', collect)
    .addHelpText(
      'after',
      `
Arrays: <split>.images and <name>.texts (joint space), <split>.features (before the projection), float32.

Examples:
  medbench embed runs/real --method clip --tasks pneumoniamnist --out clip-embeddings
  medbench embed --inputs --tasks pneumoniamnist --data ./data --out to-embed`,
    )
    .action(async (dir, options) => done(await embed(dir, options)));
};
