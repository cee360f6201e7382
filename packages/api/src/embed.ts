import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  ensurePrivateFolder,
  fileId,
  isRestricted,
  MedbenchError,
  resolveSettings,
  type TaskContext,
} from '@medbench/core';
import { bindProtocols, composePlugins, listTaskProtocols, makePlan, mergeTrees, RunLayout } from '@medbench/runner';
import { dataFolder } from './carry-out.js';
import { type BenchmarkOptions, settingsTree, workingFolder } from './options.js';
import { cacheFolder, openWorkspace, readConfig } from './workspace.js';

/** Which of a run's cached embeddings to export, and where to. */
export interface EmbedOptions {
  /** Row of the results table. */
  readonly method?: string | undefined;
  /** Seed of the row. Default 0. */
  readonly seed?: number | undefined;
  /** Task ids separated by commas. Default: all tasks that the run measured. */
  readonly tasks?: string | undefined;
  /** Folder to write `<task>/<array>.npy` to. */
  readonly out: string;
}

/** Maps the decoded names of a folder's entries (ids) to their paths. */
const listFolders = (path: string): ReadonlyMap<string, string> =>
  new Map(existsSync(path) ? readdirSync(path).map((name) => [fileId(name), join(path, name)]) : []);

const joinSorted = (names: Iterable<string>): string => [...names].sort().join(', ');

/**
 * Exports the cached embeddings of one row of a run.
 * @param dir the run folder.
 * @returns the folders that were written, one per task.
 * @throws MedbenchError('usage') for a row, seed or task without cached embeddings.
 */
export async function embed(dir: string, { method, seed = 0, tasks, out }: EmbedOptions): Promise<string[]> {
  const rows = listFolders(new RunLayout(resolve(dir)).embeddings);
  if (rows.size === 0) {
    throw new MedbenchError('usage', `${dir} holds no embeddings`, {
      hint: 'Name the folder of a run. A run caches the embeddings of its methods unless keepEmbeddings is false.',
    });
  }
  if (method === undefined) {
    throw new MedbenchError('usage', 'embed needs --method with a run folder', {
      hint: `--method is one of ${joinSorted(rows.keys())}.`,
    });
  }
  const row = rows.get(method);
  if (row === undefined) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method}`, {
      hint: `--method is one of ${joinSorted(rows.keys())}.`,
    });
  }
  const seeds = listFolders(row);
  const from = seeds.get(`seed-${seed}`);
  if (from === undefined) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method} with seed ${seed}`, {
      hint: `--seed is one of ${joinSorted([...seeds.keys()].map((name) => name.replace('seed-', '')))}.`,
    });
  }
  const storedTasks = listFolders(from);
  const taskIds =
    tasks === undefined || tasks === 'all' ? [...storedTasks.keys()] : tasks.split(',').map((id) => id.trim());
  const missing = taskIds.filter((task) => !storedTasks.has(task));
  if (missing.length > 0) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method} for ${joinSorted(missing)}`, {
      hint: `--tasks are among ${joinSorted(storedTasks.keys())}.`,
    });
  }
  const { exportEmbeddings } = await import('@medbench/evaluation');
  const written: string[] = [];
  for (const task of taskIds) {
    const to = join(resolve(out), encodeURIComponent(task));
    await exportEmbeddings(storedTasks.get(task)!, to);
    written.push(to);
  }
  return written;
}

/** Where to write the inputs, and where to report progress. */
export interface EmbeddingInputsOptions {
  /** Folder to write images and texts to. */
  readonly out: string;
  /** Called with each folder that was written. */
  readonly wrote: (folder: string) => void;
  readonly log: (message: string) => void;
}

/**
 * Writes the images and texts of tasks for another tool to embed. Their order is that of the rows which the tool must
 * return.
 * @throws MedbenchError('usage') if no tasks are selected; and as `benchmark`.
 */
export async function embeddingInputs(
  options: BenchmarkOptions,
  { out, wrote, log }: EmbeddingInputsOptions,
): Promise<void> {
  const cwd = workingFolder(options);
  const workspace = await openWorkspace(cwd, options.config);
  const flags = mergeTrees({ methods: [], controls: [] }, settingsTree(options));
  if (flags.tasks === undefined && flags.preset === undefined && workspace.file === undefined) {
    throw new MedbenchError('usage', 'embed --inputs needs --tasks', {
      hint: 'medbench embed --inputs --tasks pneumoniamnist --data ./data --out to-embed (medbench list tasks)',
    });
  }
  const config = await readConfig(workspace, flags);
  const plan = makePlan(config, workspace.catalogue);
  const { recordInputs } = await import('@medbench/evaluation');
  const logger = { info: log, warn: log, event: () => {} };
  const cacheRoot = cacheFolder(cwd);
  const dataRoot = await dataFolder(workspace, config, log);
  const { registry } = composePlugins({ catalogue: workspace.catalogue, cacheRoot, dataRoot, logger });
  for (const entry of plan.tasks) {
    const { id, info } = entry;
    const folder = join(resolve(cwd, out), encodeURIComponent(id));
    const task = await registry.get('task', id);
    const context: TaskContext = {
      dataRoot,
      cacheRoot,
      settings: resolveSettings('taskSettings', info, config.taskSettings[id]),
      skipBad: config.skipBad,
      skip: (what) => log(`left out: ${what}`),
      seed: config.seeds[0]!,
      log,
      // The figures are discarded: protocols may skip whatever only serves to compute them.
      protocols: await bindProtocols(
        registry,
        entry,
        listTaskProtocols(info, workspace.catalogue, plan.config.evaluation),
        plan.config.evaluation,
        {
          seed: config.seeds[0]!,
          embedOnly: true,
        },
      ),
    };
    if (isRestricted(info.access)) await ensurePrivateFolder(folder);
    const arrays = await recordInputs(folder, id, (model) => task.evaluate(model, context));
    wrote(folder);
    log(
      `  expected arrays: ${arrays.map(({ array, rows, inputs }) => `${array} (${rows} rows, ${inputs})`).join(', ')}`,
    );
    if (isRestricted(info.access)) {
      log(`  this folder contains images and texts under the use agreement of ${id}: keep it where the data is`);
    }
  }
  log(
    '*.images and *.texts are joint embeddings, *.features those before the projection; leave out arrays that your model cannot make.',
  );
  log(`Once the arrays exist: medbench eval --embeddings NAME=${out}`);
}
