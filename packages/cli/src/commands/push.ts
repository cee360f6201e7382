import type { Pushed, PushOptions } from '@medbench/api';
import { MedbenchError, printable } from '@medbench/core';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG, parseSeeds } from '../flags.js';

/** Flags of `medbench push`. */
interface PushFlags {
  readonly method?: string;
  readonly results?: boolean;
  readonly repo?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly splits: boolean;
  readonly permitted?: string;
  readonly licence?: string;
  readonly public?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const formatBytes = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** Prints what went out, or would. */
function printPushed({ kind, repository, files, leftOut, folder, url }: Pushed, dryRun: boolean): void {
  const what = kind === 'model' ? 'model' : 'data set';
  const target = repository === undefined ? folder : `the ${what} ${repository}`;
  const verb = dryRun ? 'Would go to' : url === undefined ? 'Written to' : 'Pushed to';
  console.log(`${verb} ${printable(target ?? 'a folder')}:`);
  for (const { name, bytes } of files) console.log(`  ${formatBytes(bytes).padStart(10)}  ${printable(name)}`);
  console.log('Left out:');
  for (const reason of leftOut) console.log(`  ${printable(reason)}`);
  if (url !== undefined) console.log(url);
  else if (dryRun) console.log('Nothing was sent.');
}

/** @throws MedbenchError('usage') unless exactly one of the two things is pushed, with flags that belong to it. */
function checkFlags({ method, results, seed, permitted, splits }: PushFlags): void {
  if ((method === undefined) === !results) {
    throw new MedbenchError('usage', `push has ${results ? 'both --method and --results' : 'nothing to push'}`, {
      hint: 'Give --method ID for the weights of a row, or --results for figures and scores.',
    });
  }
  const strange = results ? (seed !== undefined ? '--seed' : permitted && '--permitted') : splits ? '' : '--no-splits';
  if (!strange) return;
  throw new MedbenchError('usage', `${strange} does not belong to ${results ? '--results' : '--method'}`, {
    hint: 'Leave it out.',
  });
}

/** Runs `medbench push`. */
async function push(dir: string, flags: PushFlags): Promise<number> {
  checkFlags(flags);
  const { method, seed, permitted, licence, dryRun = false, json } = flags;
  const { pushModel, pushResults } = await import('@medbench/api');
  const options: PushOptions = {
    ...{ repository: flags.repo, out: flags.out, dryRun, licence, isPublic: flags.public },
    log: (text) => console.error(pc.dim(printable(text))),
  };
  const pushed =
    method === undefined
      ? await pushResults(dir, { ...options, splits: flags.splits, data: flags.data, config: flags.config })
      : await pushModel(dir, { ...options, method, seed, permitted: permitted?.split(',') });
  if (json) console.log(JSON.stringify(pushed, null, 1));
  else printPushed(pushed, dryRun);
  return EXIT.ok;
}

export const pushCommand: DeclareCommand = (program, done) => {
  program
    .command('push')
    .description('push the weights of a row, or the results of a run, to the Hugging Face hub or into a folder')
    .argument('<dir>', 'run folder')
    .option('--method <id>', 'push the weights of this row, or general, as a model that open_clip loads')
    .option('--results', 'push figures, scores of each test example, splits and prompts, as a data set')
    .option('--repo <owner/name>', 'repository on the hub; it is made if it does not exist')
    .option('--out <dir>', 'write into this empty folder; without --repo, nothing is sent')
    .option('--dry-run', 'send nothing: list the files, and what is left out')
    .option('--seed <n>', 'seed of the row (default: 0)', (value) => parseSeeds(value)[0])
    .option('--permitted <ids>', 'data sets whose agreements allow to pass on weights that were trained on them')
    .option('--licence <id>', 'licence of what is pushed, as the hub names it, such as mit or cc-by-4.0')
    .option('--public', 'make a repository that anybody may see (default: private; an existing one stays as it is)')
    .option('--no-splits', 'leave out the digests of the images, which need the data sets')
    .addOption(FLAG.data())
    .addOption(FLAG.config())
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
The token in HF_TOKEN must be one that may write. HF_ENDPOINT names another hub.

No image and no text of a data set goes out, and no path of this machine. Of data under an agreement or credentials, the
scores of the test examples go out, and neither labels nor predictions. Weights that were trained on such data are refused
until --permitted says that its terms allow it.

Examples:
  medbench push runs/demo --method clip --repo me/clip-demo --dry-run
  medbench push runs/demo --results --repo me/demo-results --public
  medbench push runs/demo --results --out demo-results
  medbench verify demo-results
  medbench compare runs/other hf://datasets/me/demo-results`,
    )
    .action(async (dir, flags) => done(await push(dir, flags)));
};
