import { type DataContext, keyedSettings, resolveSettings, type Settings } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import type { RunObserver } from '../observer.js';
import type { Plan } from '../plan/plan.js';
import { Services } from '../services.js';
import { hashJson } from '../store/index.js';
import { pluginIdentity } from './code.js';
import type { SkipLog } from './skipped.js';

/** Identifies the data of a task in cache keys. */
export interface DataKey {
  readonly task: string;
  readonly version: number;
  /** Fingerprint of the task's files, and the settings that change how they are read. */
  readonly contents: Readonly<Record<string, unknown>>;
  /** Hash of `contents`: cells of two runs with equal hashes are of the same examples. */
  readonly hash: string;
}

/**
 * Provides the context that tasks and corpora are opened with, and the key of a task's data, hashed once per task and
 * seed.
 */
export class TaskData {
  readonly #keys = new Map<string, Promise<DataKey>>();

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.DataRoot private readonly dataRoot: string,
    @Services.CacheRoot private readonly cacheRoot: string,
    @Services.SkipLog private readonly skipped: SkipLog,
    @Services.Observer private readonly observer: RunObserver,
  ) {}

  /**
   * Returns the context that a task or corpus is opened with.
   * @param given all settings of the data. Default: those of the run.
   */
  context(
    { kind, info }: CatalogueEntry<'task'> | CatalogueEntry<'corpus'>,
    seed: number,
    given?: Settings,
  ): DataContext {
    const { config } = this.plan;
    return {
      dataRoot: this.dataRoot,
      cacheRoot: this.cacheRoot,
      settings:
        given ??
        (kind === 'task'
          ? resolveSettings('taskSettings', info, config.taskSettings[info.id])
          : resolveSettings('corpusSettings', info, config.corpusSettings[info.id])),
      skipBad: config.skipBad,
      skip: this.skipped.recorderFor(info.id),
      seed,
      log: (message) => this.observer.message(message),
    };
  }

  /** Returns the key of a task's data. @throws MedbenchError('data') as the task's `fingerprint`. */
  key(entry: CatalogueEntry<'task'>, seed: number): Promise<DataKey> {
    const id = JSON.stringify([entry.id, seed]);
    const key = this.#keys.get(id) ?? this.#makeKey(entry, seed);
    this.#keys.set(id, key);
    // A failure is not cached: the next row tries again, and the data may exist by then.
    key.catch(() => this.#keys.delete(id));
    return key;
  }

  async #makeKey(entry: CatalogueEntry<'task'>, seed: number): Promise<DataKey> {
    const task = await this.registry.get('task', entry.id);
    const context = this.context(entry, seed);
    const settings = keyedSettings(entry.info, context.settings);
    const contents = {
      data: await task.fingerprint(context),
      ...(Object.keys(settings).length > 0 ? { settings } : {}),
      ...(context.skipBad ? { skipBad: true } : {}),
    };
    return { task: pluginIdentity(entry), version: entry.info.version, contents, hash: hashJson(contents) };
  }
}

/** The fields of a data key that the keys of embeddings, galleries and leak reports contain. */
export const dataKeyFields = ({ task, version, contents }: DataKey): Readonly<Record<string, unknown>> => ({
  task,
  version,
  ...contents,
});
