import {
  type CorpusContext,
  type DataContext,
  keyedSettings,
  MedbenchError,
  type OpenedCorpus,
  type Profile,
  type Settings,
} from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import type { Plan } from '../plan/plan.js';
import { Services } from '../services.js';
import { hashJson, type RunStore } from '../store/index.js';
import { pluginIdentity } from './code.js';
import { type MixedCorpus, mixCorpora } from './mixture.js';
import { TaskData } from './task-data.js';

/** Adds what the pairs of a corpus depend on besides its files to its fingerprint: settings, and the plugin's code. */
const identified = (
  corpus: OpenedCorpus,
  entry: CatalogueEntry<'corpus'> | CatalogueEntry<'task'>,
  { settings, skipBad }: Pick<DataContext, 'settings' | 'skipBad'>,
): OpenedCorpus => ({
  ...corpus,
  fingerprint: hashJson({
    ...{ of: corpus.fingerprint, settings: keyedSettings(entry.info, settings), skipBad },
    plugin: pluginIdentity(entry),
  }),
});

/** Returns the corpus. @throws MedbenchError('data') if it holds no pair. */
function refuseEmpty(entries: readonly CatalogueEntry<'corpus'>[], corpus: OpenedCorpus): OpenedCorpus {
  if (corpus.pairs.length > 0) return corpus;
  throw new MedbenchError('data', `The corpus ${entries.map(({ id }) => id).join(', ')} holds no image-text pair`);
}

/** Opens the corpora that the rows of a run train and validate on. */
export class Corpora {
  readonly #bySeed = new Map<number, Promise<OpenedCorpus>>();
  readonly #validationBySeed = new Map<number, Promise<OpenedCorpus>>();

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.Profile private readonly profile: Profile,
    @inject(TaskData) private readonly data: TaskData,
  ) {}

  /** Returns the corpus that every row of a seed trains on, opened once. @throws MedbenchError('data') as `open`. */
  openForSeed(seed: number): Promise<OpenedCorpus> {
    let corpus = this.#bySeed.get(seed);
    if (!corpus) {
      corpus = this.open(this.plan.corpora, seed);
      this.#bySeed.set(seed, corpus);
    }
    return corpus;
  }

  /**
   * Returns the corpus that every row of a seed validates on, opened once; undefined if the run has none.
   * @throws MedbenchError('data') if it cannot be opened or holds no pair.
   */
  async openValidation(seed: number): Promise<OpenedCorpus | undefined> {
    const { validation } = this.plan;
    if (!validation) return undefined;
    const { entry, settings } = validation;
    const corpus =
      this.#validationBySeed.get(seed) ??
      this.profile.span('opening data', async () =>
        refuseEmpty([entry], await this.#openOne(entry, seed, await this.#trainingSplits(seed), settings)),
      );
    this.#validationBySeed.set(seed, corpus);
    return corpus;
  }

  /**
   * Opens corpora and mixes them into one. Each may draw on the training splits of the run's tasks.
   * @throws MedbenchError('data') if a corpus cannot be opened, or the mixture holds no pair.
   */
  open(entries: readonly CatalogueEntry<'corpus'>[], seed: number): Promise<OpenedCorpus> {
    return this.profile.span('opening data', () => this.#open(entries, seed));
  }

  async #open(entries: readonly CatalogueEntry<'corpus'>[], seed: number): Promise<OpenedCorpus> {
    const tasks = await this.#trainingSplits(seed);
    const corpora: MixedCorpus[] = [];
    for (const entry of entries) {
      const { id } = entry;
      corpora.push({ id, corpus: await this.#openOne(entry, seed, tasks), weight: this.plan.config.mixture[id] ?? 1 });
    }
    return refuseEmpty(entries, mixCorpora(corpora, seed));
  }

  /** @param settings those of a validation corpus. Default: those of the run. */
  async #openOne(
    entry: CatalogueEntry<'corpus'>,
    seed: number,
    tasks: CorpusContext['tasks'],
    settings?: Settings,
  ): Promise<OpenedCorpus> {
    const { id } = entry;
    const context = this.data.context(entry, seed, settings);
    const opener = await this.registry.get('corpus', id);
    const corpus = identified(await opener.open({ ...context, tasks }), entry, context);
    const { pairs, synthetic, fingerprint, duplicates } = corpus;
    const weight = settings ? 1 : (this.plan.config.mixture[id] ?? 1);
    this.store.log({
      corpus: id,
      ...(settings ? { validation: true } : {}),
      pairs: pairs.length,
      ...(weight === 1 ? {} : { weight }),
      ...(duplicates === undefined ? {} : { duplicateCaptions: duplicates }),
      synthetic,
      fingerprint,
    });
    return corpus;
  }

  /**
   * Returns the training splits of those tasks of the run that provide pairs. A split is opened when it is asked for.
   */
  async #trainingSplits(seed: number): Promise<CorpusContext['tasks']> {
    const splits = await Promise.all(
      this.plan.tasks.map(async (entry) => {
        const task = await this.registry.get('task', entry.id);
        const context = this.data.context(entry, seed);
        const open = task.pairs?.bind(task, context);
        return open ? [{ id: entry.id, pairs: async () => identified(await open(), entry, context) }] : [];
      }),
    );
    return splits.flat();
  }
}
