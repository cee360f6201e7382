import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Access, MedbenchError, type TaskContext, writeFileAtomic } from '@medbench/core';
import { entriesOfKind } from '@medbench/core/discovery';
import { composeRegistry, makePlan, mergeTrees, parseSet, settingsOf } from '@medbench/core/runtime';
import { EXIT } from '../errors.js';
import { cacheFolder, configOf, openWorkspace } from '../workspace.js';

export interface EmbedOptions {
  readonly method?: string;
  readonly seed: number;
  readonly tasks?: string;
  readonly inputs?: boolean;
  readonly data?: string;
  readonly preset?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly out: string;
}

const folders = async (path: string): Promise<string[]> => (existsSync(path) ? (await readdir(path)).sort() : []);
const decoded = (name: string): string => decodeURIComponent(name);

/** Copies what a run kept of one row. */
async function exportKept(dir: string, { method, seed, tasks, out }: EmbedOptions): Promise<number> {
  const kept = join(resolve(dir), 'embeddings');
  const rows = await folders(kept);
  if (rows.length === 0) {
    throw new MedbenchError('usage', `${dir} holds no embeddings`, {
      hint: 'Name the folder of a run. Runs keep them unless keepEmbeddings is false.',
    });
  }
  const row = rows.find((name) => decoded(name) === method);
  if (row === undefined) {
    throw new MedbenchError('usage', `${dir} holds no embeddings of ${method ?? 'a row that is not named'}`, {
      hint: `--method is one of ${rows.map(decoded).join(', ')}.`,
    });
  }
  const from = join(kept, row, `seed-${seed}`);
  const there = await folders(from);
  const wanted = tasks === undefined || tasks === 'all' ? there.map(decoded) : tasks.split(',');
  const missing = wanted.filter((task) => !there.map(decoded).includes(task));
  if (wanted.length === 0 || missing.length > 0) {
    throw new MedbenchError(
      'usage',
      `${dir} holds no embeddings of ${missing.join(', ') || method} with seed ${seed}`,
      {
        hint: there.length > 0 ? `Its tasks: ${there.map(decoded).join(', ')}.` : 'Name another seed with --seed.',
      },
    );
  }
  for (const task of wanted) {
    const name = there.find((one) => decoded(one) === task)!;
    const to = join(resolve(out), name);
    await cp(join(from, name), to, { recursive: true });
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
  const flags = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const config = await configOf(workspace, mergeTrees({ methods: [] }, ...(options.set ?? []).map(parseSet), flags));
  const plan = makePlan(config, workspace.catalogue);
  const [{ inputRecorder }, { pretraining }] = await Promise.all([
    import('@medbench/evaluation'),
    import('@medbench/training'),
  ]);
  const log = (message: string): void => console.error(message);
  const registry = composeRegistry(workspace.catalogue, {
    pretraining,
    logger: { info: log, warn: log, event: () => {} },
  });
  const cacheRoot = cacheFolder(cwd);
  const dataRoot = config.synthetic
    ? await (await import('@medbench/phantoms')).ensurePhantoms(cacheRoot, log)
    : resolve(cwd, config.dataRoot);
  const known = entriesOfKind(workspace.catalogue, 'task');
  for (const { id, info } of plan.tasks) {
    const folder = join(resolve(cwd, options.out), encodeURIComponent(id));
    const task = await registry.get('task', id);
    const arrays: unknown[] = [];
    const context: TaskContext = {
      dataRoot,
      cacheRoot,
      settings: settingsOf('taskSettings', info, config.taskSettings[id]),
      skipBad: config.skipBad,
      skip: (what) => log(`left out: ${what}`),
      seed: config.seeds[0]!,
      log,
      protocols: info.protocols,
    };
    await task.evaluate(
      inputRecorder(folder, (array) => arrays.push(array)),
      context,
    );
    const manifest = { format: 'medbench-embeddings', version: 1, model: 'NAME', task: id, arrays };
    await writeFileAtomic(join(folder, 'embeddings.json'), `${JSON.stringify(manifest, null, 1)}\n`);
    console.log(folder);
    const access = known.find((entry) => entry.id === id)?.info.access;
    if (access && MAY_NOT_SPREAD.includes(access)) {
      log(`${folder} holds pictures and texts under the use agreement of ${id}: keep it where the data is.`);
    }
  }
  return EXIT.ok;
}

/** `medbench embed`. @returns the exit code. */
export function embed(dir: string | undefined, options: EmbedOptions): Promise<number> {
  if (options.inputs) return writeInputs(options);
  if (dir !== undefined) return exportKept(dir, options);
  throw new MedbenchError('usage', 'embed needs a run folder, or --inputs', {
    hint: 'medbench embed runs/latest --method clip --out clip-embeddings',
  });
}
