import type {
  Backend,
  CompareRows,
  CorpusContext,
  DataContext,
  EmbeddingFiles,
  LeakCheck,
  ModelRequest,
  OpenedCorpus,
  Pretraining,
  Profile,
  StudyRecord,
  Thumbnail,
} from '@medbench/core';
import { MedbenchError, settingsOf } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { Config } from './config/schema.js';
import { type MixedCorpus, mixture } from './data/mixture.js';
import type { SkipLog } from './data/skipped.js';
import type { RunObserver } from './observer.js';
import type { Plan } from './plan/plan.js';
import { hashOf, type RunStore } from './store/index.js';

/** What every part of a run needs. */
export interface RunContext {
  readonly plan: Plan;
  readonly store: RunStore;
  readonly registry: Registry;
  readonly pretraining: Pretraining;
  readonly embeddings: EmbeddingFiles;
  /** Undefined: no task is searched for leaks. */
  readonly checkLeaks?: LeakCheck;
  /** Undefined: no galleries are made. */
  readonly thumbnail?: Thumbnail;
  /** Undefined: no differences are tested. */
  readonly compareRows?: CompareRows;
  readonly backend: { readonly id: string; readonly backend: Backend };
  readonly observer: RunObserver;
  readonly profile: Profile;
  readonly dataRoot: string;
  readonly cacheRoot: string;
  readonly signal: AbortSignal;
  readonly skipped: SkipLog;
  /** The study that it belongs to. */
  readonly study?: StudyRecord;
}

/** What a task or corpus is opened with. */
export const dataContext = (
  run: RunContext,
  seed: number,
  { kind, info }: CatalogueEntry<'task'> | CatalogueEntry<'corpus'>,
): DataContext => {
  const { config } = run.plan;
  return {
    dataRoot: run.dataRoot,
    cacheRoot: run.cacheRoot,
    settings:
      kind === 'task'
        ? settingsOf('taskSettings', info, config.taskSettings[info.id])
        : settingsOf('corpusSettings', info, config.corpusSettings[info.id]),
    skipBad: config.skipBad,
    skip: run.skipped.of(info.id),
    seed,
    log: (message) => run.observer.message(message),
  };
};

/** A plugin's share of a cell's key: a new version of its package may change the number. */
export const identity = (entry: CatalogueEntry): string => `${entry.package.name}@${entry.package.version}/${entry.id}`;

/** What the data of a task is, as a share of keys. */
export async function dataKey(
  run: RunContext,
  entry: CatalogueEntry<'task'>,
  seed: number,
): Promise<Record<string, unknown>> {
  const task = await run.registry.get('task', entry.id);
  const context = dataContext(run, seed, entry);
  return {
    task: identity(entry),
    version: entry.info.version,
    data: await task.fingerprint(context),
    // Only where there are any: keys of tasks without settings stay what they were.
    ...(Object.keys(context.settings).length > 0 ? { settings: context.settings } : {}),
    ...(context.skipBad ? { skipBad: true } : {}),
  };
}

/** What the towers are built from, and its share of every key. */
export async function modelRequest(run: RunContext): Promise<{ request: ModelRequest; key: unknown }> {
  const { encoders, model } = run.plan.config;
  const entries = run.registry.catalogue.entries.filter(
    ({ kind, id }) => kind === 'encoder' && (id === encoders.image || id === encoders.text),
  );
  return {
    request: {
      image: await run.registry.get('encoder', encoders.image),
      text: await run.registry.get('encoder', encoders.text),
      model,
      backend: run.backend.backend,
      log: (message) => run.store.log({ message }),
      profile: run.profile,
    },
    key: { encoders, model, versions: entries.map(identity), backend: run.backend.id },
  };
}

/** What a corpus holds may depend on its settings: they belong to its fingerprint, which is unchanged without any. */
const underSettings = (corpus: OpenedCorpus, { settings, skipBad }: DataContext): OpenedCorpus =>
  Object.keys(settings).length === 0 && !skipBad
    ? corpus
    : { ...corpus, fingerprint: hashOf({ of: corpus.fingerprint, settings, skipBad }) };

/**
 * Opens corpora, each with the training splits of the run's tasks at hand.
 * @throws MedbenchError('data') if one cannot be opened or holds no pair.
 */
export async function openCorpora(
  run: RunContext,
  entries: readonly CatalogueEntry<'corpus'>[],
  seed: number,
): Promise<OpenedCorpus> {
  const tasks: CorpusContext['tasks'] = await Promise.all(
    run.plan.tasks.map(async (entry) => {
      const task = await run.registry.get('task', entry.id);
      const context = dataContext(run, seed, entry);
      const open = task.pairs?.bind(task, context);
      return { id: entry.id, pairs: open && (async () => underSettings(await open(), context)) };
    }),
  ).then((all) => all.flatMap(({ id, pairs }) => (pairs ? [{ id, pairs }] : [])));
  const parts: MixedCorpus[] = [];
  for (const entry of entries) {
    const { id } = entry;
    const context = dataContext(run, seed, entry);
    const opener = await run.registry.get('corpus', id);
    const corpus = underSettings(await opener.open({ ...context, tasks }), context);
    const { pairs, synthetic, fingerprint, duplicates } = corpus;
    const weight = run.plan.config.mixture[id] ?? 1;
    run.store.log({
      corpus: id,
      pairs: pairs.length,
      ...(weight === 1 ? {} : { weight }),
      ...(duplicates === undefined ? {} : { duplicateCaptions: duplicates }),
      synthetic,
      fingerprint,
    });
    parts.push({ id, corpus, weight });
  }
  const joined = mixture(parts, seed);
  if (joined.pairs.length === 0) {
    throw new MedbenchError('data', `The corpus ${entries.map(({ id }) => id).join(', ')} holds no image-text pair`);
  }
  return joined;
}

/** The settings as one flat record, `training.steps: 600`, for `results.json`. */
export function flatSettings(config: Config): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {};
  const walk = (path: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, below] of Object.entries(value)) walk(path ? `${path}.${key}` : key, below);
    } else {
      flat[path] =
        typeof value === 'number' || typeof value === 'boolean'
          ? value
          : Array.isArray(value)
            ? value.join(',')
            : String(value);
    }
  };
  walk('', config);
  return flat;
}
