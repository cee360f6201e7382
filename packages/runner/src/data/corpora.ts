import { type CorpusContext, type DataContext, MedbenchError, type OpenedCorpus, type Profile } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import type { Plan } from '../plan/plan.js';
import { Services } from '../services.js';
import { hashJson, type RunStore } from '../store/index.js';
import { type MixedCorpus, mixCorpora } from './mixture.js';
import { TaskData } from './task-data.js';

/**
 * Adds settings to the fingerprint of a corpus, because its contents may depend on them. Without settings the
 * fingerprint does not change.
 */
const withSettings = (corpus: OpenedCorpus, { settings, skipBad }: DataContext): OpenedCorpus =>
  Object.keys(settings).length === 0 && !skipBad
    ? corpus
    : { ...corpus, fingerprint: hashJson({ of: corpus.fingerprint, settings, skipBad }) };

/** Opens the corpora that the rows of a run train on. */
export class Corpora {
  readonly #bySeed = new Map<number, Promise<OpenedCorpus>>();

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
      const context = this.data.context(entry, seed);
      const opener = await this.registry.get('corpus', id);
      const corpus = withSettings(await opener.open({ ...context, tasks }), context);
      const { pairs, synthetic, fingerprint, duplicates } = corpus;
      const weight = this.plan.config.mixture[id] ?? 1;
      this.store.log({
        corpus: id,
        pairs: pairs.length,
        ...(weight === 1 ? {} : { weight }),
        ...(duplicates === undefined ? {} : { duplicateCaptions: duplicates }),
        synthetic,
        fingerprint,
      });
      corpora.push({ id, corpus, weight });
    }
    const joined = mixCorpora(corpora, seed);
    if (joined.pairs.length === 0) {
      throw new MedbenchError('data', `The corpus ${entries.map(({ id }) => id).join(', ')} holds no image-text pair`);
    }
    return joined;
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
        return open ? [{ id: entry.id, pairs: async () => withSettings(await open(), context) }] : [];
      }),
    );
    return splits.flat();
  }
}
