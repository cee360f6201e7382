import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Access, MedbenchError, settingsOf, type TaskContext } from '@medbench/core';
import { composeRegistry, makePlan, mergeTrees, parseSet } from '@medbench/runner';
import { EXIT } from '../errors.js';
import { cacheFolder, configOf, openWorkspace } from '../workspace.js';

export interface EmbedOptions {
  readonly method?: string;
  readonly seed?: number;
  readonly tasks?: string;
  readonly inputs?: boolean;
  readonly data?: string;
  readonly preset?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly out: string;
}

const log = (message: string): void => console.error(message);

/** Folders below another by what their names stand for. */
const foldersIn = (path: string): ReadonlyMap<string, string> =>
  new Map(existsSync(path) ? readdirSync(path).map((name) => [decodeURIComponent(name), join(path, name)]) : []);

const list = (names: Iterable<string>): string => [...names].sort().join(', ');

/** Copies what a run kept of one row. */
async function exportKept(dir: string, { method, seed = 0, tasks, out }: EmbedOptions): Promise<number> {
  const rows = foldersIn(join(resolve(dir), 'embeddings'));
  if (rows.size === 0) {
    throw new MedbenchError('usage', `${dir} holds no embeddings`, {
      hint: 'Name the folder of a run. Runs keep those of the methods unless keepEmbeddings is false.',
    });
  }
  if (method === undefined) {
    throw new MedbenchError('usage', 'embed needs --method with a run folder', {
      hint: `One of ${list(rows.keys())}.`,
    });
  }
  const row = rows.get(method);
  if (row === undefined) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method}`, {
      hint: `--method is one of ${list(rows.keys())}.`,
    });
  }
  const seeds = foldersIn(row);
  const from = seeds.get(`seed-${seed}`);
  if (from === undefined) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method} with seed ${seed}`, {
      hint: `--seed is one of ${list([...seeds.keys()].map((name) => name.replace('seed-', '')))}.`,
    });
  }
  const there = foldersIn(from);
  const wanted = tasks === undefined || tasks === 'all' ? [...there.keys()] : tasks.split(',').map((id) => id.trim());
  const missing = wanted.filter((task) => !there.has(task));
  if (missing.length > 0) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method} for ${list(missing)}`, {
      hint: `--tasks are among ${list(there.keys())}.`,
    });
  }
  const { exportEmbeddings } = await import('@medbench/evaluation');
  for (const task of wanted) {
    const to = join(resolve(out), encodeURIComponent(task));
    await exportEmbeddings(there.get(task)!, to);
    console.log(to);
  }
  return EXIT.ok;
}

const MAY_NOT_SPREAD: readonly Access[] = ['agreement', 'credentialed'];

/** Writes the pictures and texts of tasks, for a tool that knows nothing of medbench. */
async function writeInputs(options: EmbedOptions): Promise<number> {
  const cwd = process.cwd();
  const workspace = await openWorkspace(cwd, options.config);
  const given = { tasks: options.tasks, preset: options.preset, dataRoot: options.data };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const flags = mergeTrees({ methods: [], controls: [] }, ...(options.set ?? []).map(parseSet), named);
  if (flags.tasks === undefined && flags.preset === undefined && workspace.file === undefined) {
    throw new MedbenchError('usage', 'embed --inputs needs --tasks', {
      hint: 'medbench embed --inputs --tasks pneumoniamnist --data ./data --out to-embed (medbench list tasks)',
    });
  }
  const config = await configOf(workspace, flags);
  const plan = makePlan(config, workspace.catalogue);
  const [{ recordInputs }, { pretraining }] = await Promise.all([
    import('@medbench/evaluation'),
    import('@medbench/training'),
  ]);
  const logger = { info: log, warn: log, event: () => {} };
  const registry = composeRegistry(workspace.catalogue, { pretraining, logger });
  const cacheRoot = cacheFolder(cwd);
  const dataRoot = config.synthetic
    ? await (await import('@medbench/phantoms')).ensurePhantoms(cacheRoot, log)
    : resolve(cwd, config.dataRoot);
  const { probe } = config.evaluation;
  // What comes of noise is of no interest: the quickest probe that asks for the same arrays.
  const features = probe.solver === 'clip-benchmark' ? 'after' : probe.features;
  const evaluation = {
    ...config.evaluation,
    probe: { ...probe, solver: 'lbfgs', features, grid: [1], shots: [] },
  } as const;
  for (const { id, info } of plan.tasks) {
    const folder = join(resolve(cwd, options.out), encodeURIComponent(id));
    const task = await registry.get('task', id);
    const context: TaskContext = {
      dataRoot,
      cacheRoot,
      settings: settingsOf('taskSettings', info, config.taskSettings[id]),
      skipBad: config.skipBad,
      skip: (what) => log(`left out: ${what}`),
      seed: config.seeds[0]!,
      log,
      protocols: info.protocols,
      evaluation,
    };
    const arrays = await recordInputs(folder, id, (model) => task.evaluate(model, context));
    console.log(folder);
    log(`  wanted there: ${arrays.map(({ array, rows, inputs }) => `${array} (${rows} rows, ${inputs})`).join(', ')}`);
    if (MAY_NOT_SPREAD.includes(info.access)) {
      log(`  it holds pictures and texts under the use agreement of ${id}: keep it where the data is`);
    }
  }
  log(
    '*.images and *.texts are joint embeddings, *.features those before the projection; what a model lacks is left out.',
  );
  log(`When the arrays are there: medbench eval --embeddings NAME=${options.out}`);
  return EXIT.ok;
}

/** Flags that say nothing to the other way of using the command. */
const OF_INPUTS = ['data', 'preset', 'config', 'set'] as const;
const OF_RUN = ['method', 'seed'] as const;

/**
 * `medbench embed`.
 * @returns the exit code.
 * @throws MedbenchError('usage') for flags that do not go together, or rows and tasks that a run does not have.
 */
export async function embed(dir: string | undefined, options: EmbedOptions): Promise<number> {
  if (dir === undefined && !options.inputs) {
    throw new MedbenchError('usage', 'embed needs a run folder, or --inputs', {
      hint: 'medbench embed runs/latest --method clip --out clip-embeddings',
    });
  }
  if (dir !== undefined && options.inputs) {
    throw new MedbenchError('usage', `embed takes either the run folder ${dir} or --inputs`, {
      hint: 'A run folder exports embeddings; --inputs writes pictures and texts from the data.',
    });
  }
  const foreign = (options.inputs ? OF_RUN : OF_INPUTS).find((name) => options[name] !== undefined);
  if (foreign) {
    throw new MedbenchError('usage', `--${foreign} says nothing ${options.inputs ? 'with' : 'without'} --inputs`, {
      hint: 'See medbench embed --help.',
    });
  }
  return dir === undefined ? writeInputs(options) : exportKept(dir, options);
}
