import { join, resolve } from 'node:path';
import {
  type Config,
  type ConfigTree,
  chooseBackend,
  composeRegistry,
  executePlan,
  makePlan,
  mergeTrees,
  type Plan,
  parseSet,
  RunStore,
  withCache,
} from '@medbench/core/runtime';
import { type EmbeddingRow, embeddingRows } from '../embeddings.js';
import { EXIT } from '../errors.js';
import { consoleObserver } from '../progress.js';
import { cacheFolder, configOf, openWorkspace, type Workspace } from '../workspace.js';

export interface RunOptions {
  readonly methods?: string;
  readonly tasks?: string;
  readonly preset?: string;
  readonly config?: string;
  readonly data?: string;
  readonly out: string;
  readonly seed?: readonly number[];
  readonly backend?: string;
  readonly set?: readonly string[];
  readonly skipBad?: boolean;
  readonly embeddings?: readonly string[];
  readonly json?: boolean;
}

const flagTree = (options: RunOptions, rows: readonly EmbeddingRow[]): ConfigTree =>
  mergeTrees(
    rows.length > 0 ? { embeddings: Object.fromEntries(rows.map(({ id, folder }) => [id, folder])) } : {},
    ...(options.set ?? []).map(parseSet),
    Object.fromEntries(
      Object.entries({
        methods: options.methods,
        tasks: options.tasks,
        preset: options.preset,
        dataRoot: options.data,
        seeds: options.seed,
        backend: options.backend,
        skipBad: options.skipBad,
      }).filter(([, value]) => value !== undefined),
    ),
  );

/** What repeats the run: the command as a person would type it. */
function commandOf(options: RunOptions, command: string): string {
  const parts = [`medbench ${command}`];
  for (const [name, value] of Object.entries(options)) {
    const values = name === 'set' || name === 'embeddings' ? (value as string[]) : [value];
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const one of values)
      parts.push(one === true ? `--${flag}` : `--${flag} ${Array.isArray(one) ? one.join(',') : one}`);
  }
  return parts.join(' ');
}

/**
 * What the flags of `run` ask for, with nothing done yet.
 * @param base settings below those of the flags.
 * @throws MedbenchError for an unknown id or preset, or faults in the settings.
 */
export async function planOf(
  options: RunOptions,
  base: ConfigTree = {},
): Promise<{ readonly workspace: Workspace; readonly config: Config; readonly plan: Plan }> {
  const cwd = process.cwd();
  const workspace = await openWorkspace(cwd, options.config);
  const flags = flagTree(options, await embeddingRows(options.embeddings ?? [], cwd));
  const config = await configOf(workspace, mergeTrees(base, flags));
  return { workspace, config, plan: makePlan(config, workspace.catalogue) };
}

/** `medbench run`. @param base settings below those of the flags. @returns the exit code: 0 if every cell succeeded, 1 if some failed. */
export async function run(options: RunOptions, base: ConfigTree = {}, command = 'run'): Promise<number> {
  const cwd = process.cwd();
  const { workspace, config, plan } = await planOf(options, base);
  const cacheRoot = cacheFolder(cwd);
  const folder = resolve(cwd, options.out);
  const store = RunStore.open(folder);
  const abort = new AbortController();
  // The first signal ends the run in order, with a checkpoint; a second one ends the process as usual.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  const observer = consoleObserver(process.stderr);
  try {
    const [{ pretraining }, { checkLeaks, compareRows, keepEmbeddings, openEmbeddings }] = await Promise.all([
      import('@medbench/training'),
      import('@medbench/evaluation'),
    ]);
    const registry = composeRegistry(workspace.catalogue, {
      pretraining,
      logger: {
        info: (message) => observer.message(message),
        warn: (message) => observer.warning(message),
        event: (entry) => store.log(entry),
      },
    });
    const chosen = await chooseBackend(registry, config.backend);
    const backend = { ...chosen, backend: withCache(chosen.backend, cacheRoot) };
    observer.started(plan, backend);
    const dataRoot = config.synthetic
      ? await (await import('@medbench/phantoms')).ensurePhantoms(cacheRoot, (message) => observer.message(message))
      : resolve(cwd, config.dataRoot);
    const results = await executePlan(
      {
        plan,
        store,
        registry,
        pretraining,
        checkLeaks,
        compareRows,
        embeddings: { keep: keepEmbeddings, open: (path) => openEmbeddings(resolve(cwd, path)) },
        backend,
        observer,
        dataRoot,
        cacheRoot,
        signal: abort.signal,
      },
      commandOf(options, command),
    );
    const report = await import('@medbench/report');
    const { html } = await report.writeReport(folder);
    observer.finished(`Results in ${join(options.out, 'results.json')}, results.csv and ${html}`);
    console.log(
      options.json
        ? JSON.stringify(results, null, 1)
        : report.renderTable(results, { color: process.stdout.isTTY ?? false, width: process.stdout.columns ?? 160 }),
    );
    return results.cells.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
  } finally {
    observer.finished();
    store.close();
  }
}
