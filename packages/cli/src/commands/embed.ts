import { MedbenchError } from '@medbench/core';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { collect, parseSeeds, type RunFlags } from '../flags.js';
import { toBenchmarkOptions } from './run.js';

interface EmbedFlags extends Omit<RunFlags, 'seed'> {
  readonly method?: string;
  readonly seed?: number;
  readonly inputs?: boolean;
  readonly weights?: string;
  readonly out: string;
}

/** Flags that only work without a run folder, and flags that only work with one. */
const OF_TASKS = ['data', 'preset', 'config', 'backend', 'set'] as const;
const OF_RUN = ['method', 'seed'] as const;

/** Checks that flags fit together. @throws MedbenchError('usage') */
function checkFlags(dir: string | undefined, flags: EmbedFlags): void {
  const sources = [
    ...(dir === undefined ? [] : [`the run folder ${dir}`]),
    ...(flags.inputs ? ['--inputs'] : []),
    ...(flags.weights === undefined ? [] : ['--weights']),
  ];
  if (sources.length === 0) {
    throw new MedbenchError('usage', 'embed needs a run folder, --weights or --inputs', {
      hint: 'medbench embed runs/latest --method clip --out clip-embeddings',
    });
  }
  if (sources.length > 1) {
    throw new MedbenchError('usage', `embed takes only one of ${sources.join(' and ')}`, {
      hint: 'A run folder exports embeddings, --weights embeds with a checkpoint, --inputs writes images and texts.',
    });
  }
  const foreign = (dir === undefined ? OF_RUN : OF_TASKS).find((name) => flags[name] !== undefined);
  if (foreign) {
    throw new MedbenchError('usage', `--${foreign} has no effect with ${sources[0]}`, {
      hint: dir === undefined ? 'It works with a run folder.' : 'It works with --inputs or --weights.',
    });
  }
  if (flags.inputs && flags.backend !== undefined) {
    throw new MedbenchError('usage', '--backend has no effect with --inputs', { hint: 'Nothing is embedded then.' });
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
  const { method: _, seed: __, weights, ...rest } = flags;
  const options = await toBenchmarkOptions(rest);
  const control = {
    out: flags.out,
    wrote: (folder: string) => console.log(folder),
    log: (message: string) => console.error(message),
  };
  if (weights === undefined) await api.embeddingInputs(options, control);
  else await api.embedCheckpoint(options, { weights, ...control });
  return EXIT.ok;
}

export const embedCommand: DeclareCommand = (program, done) => {
  program
    .command('embed')
    .description(
      'export the embeddings that a run cached; embed with a checkpoint; or write the images and texts for another tool',
    )
    .argument('[dir]', 'run folder')
    .option('--method <id>', 'row of the table')
    .option('--seed <n>', 'seed of the row (default: 0)', (value) => parseSeeds(value)[0])
    .option('--tasks <ids>', 'ids separated by commas (default: all that the run measured)')
    .requiredOption('--out <dir>', 'folder for <task>/<array>.npy, or for images and texts')
    .option('--inputs', 'write the images (PNG) and texts (JSON) of the tasks, in the order of the rows of the arrays')
    .option('--weights <name>', 'embed with these weights of two towers: a file, a folder or a model on the hub')
    .option('--data <dir>', 'without a run folder: folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--preset <id>', 'without a run folder: a bundle of settings')
    .option('--config <file>', 'without a run folder: configuration file')
    .option('--backend <id>', 'with --weights: what embeds (medbench list backends; default: auto)')
    .option('--set <path=value>', 'without a run folder: any setting (repeatable)', collect)
    .addHelpText(
      'after',
      `
Arrays: <split>.images and <name>.texts (joint space), <split>.features (before the projection). Written in float32.

Examples:
  medbench embed runs/real --method clip --tasks pneumoniamnist --out clip-embeddings
  medbench embed --weights ./biomedclip --tasks pneumoniamnist --data ./data --out biomedclip-embeddings
  medbench embed --inputs --tasks pneumoniamnist --data ./data --out to-embed
  medbench embed --inputs --tasks bach --set evaluation.zeroShotCorruptions.measure=true --out to-embed`,
    )
    .action(async (dir, options) => done(await embed(dir, options)));
};
