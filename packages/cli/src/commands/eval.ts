import { MedbenchError } from '@medbench/core';
import { type Catalogue, type CatalogueEntry, entriesOfKind } from '@medbench/core/catalogue';
import type { ConfigTree } from '@medbench/runner';
import type { DeclareCommand } from '../command.js';
import { collect, FLAG, type RunFlags } from '../flags.js';
import { run } from './run.js';

/**
 * Returns the ids of the controls that need no towers, sorted by their first protocol in the order in which tasks list
 * protocols.
 */
function controlsWithoutTowers(catalogue: Catalogue): string[] {
  const protocols = [...new Set(entriesOfKind(catalogue, 'task').flatMap(({ info }) => info.protocols))];
  const place = ({ info }: CatalogueEntry<'control'>): number => protocols.indexOf(info.protocols[0]!);
  return entriesOfKind(catalogue, 'control')
    .filter(({ info }) => info.needsTowers === false)
    .sort((a, b) => place(a) - place(b))
    .map(({ id }) => id);
}

/**
 * Runs `medbench eval`: a run whose rows are existing embeddings and controls.
 * @returns the exit code.
 * @throws MedbenchError('usage') if a folder does not exist, or if no task is named and no folder has arrays of a task.
 */
async function evaluate(options: RunFlags & { readonly embeddings: readonly string[] }): Promise<number> {
  const settings = async (): Promise<ConfigTree> => {
    const { openWorkspace } = await import('@medbench/api/workspace');
    const { catalogue } = await openWorkspace(process.cwd(), options.config);
    return { methods: [], controls: controlsWithoutTowers(catalogue) };
  };
  if (options.tasks !== undefined) return run(options, await settings(), 'eval');
  const { readEmbeddingRows } = await import('@medbench/api');
  const rows = await readEmbeddingRows(options.embeddings, process.cwd());
  const tasks = [...new Set(rows.flatMap((row) => row.tasks))];
  if (tasks.length > 0) return run(options, { ...(await settings()), tasks }, 'eval');
  throw new MedbenchError('usage', `${rows.map(({ folder }) => folder).join(', ')} holds no <task>/<array>.npy`, {
    hint: 'medbench embed --inputs --tasks … writes the images and texts to embed.',
  });
}

export const evalCommand: DeclareCommand = (program, done) => {
  program
    .command('eval')
    .description('measure embeddings made by any tool, with the same protocols and intervals as all other rows')
    .requiredOption('--embeddings <[id=]dir>', 'folder with <task>/<array>.npy (repeatable)', collect)
    .option('--tasks <ids>', 'ids separated by commas, or all (default: the tasks of the folders)')
    .addOption(FLAG.data())
    .option('--preset <id>', 'a bundle of settings')
    .option('--config <file>', 'configuration file')
    .option('--out <dir>', 'run folder', 'runs/eval')
    .addOption(FLAG.seed())
    .option('--set <path=value>', 'any setting (repeatable)', collect)
    .addOption(FLAG.results())
    .addHelpText(
      'after',
      `
To add such a row to a run: medbench run --embeddings biomedclip=DIR …

Examples:
  medbench eval --embeddings biomedclip=to-embed --data ./data
  medbench eval --embeddings ours=a --embeddings theirs=b --tasks pneumoniamnist --data ./data
  medbench eval --embeddings ours=a --set evaluation.knn.measure=true --set evaluation.simpleShot.measure=true`,
    )
    .action(async (options) => done(await evaluate(options)));
};
