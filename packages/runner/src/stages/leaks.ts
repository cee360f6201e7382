import type { LeakCheck, LeakCounts, LeakReport, OpenedCorpus, Profile, RasterImage, Source } from '@medbench/core';
import { errorMessage } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import { inject } from 'inversify';
import { Corpora } from '../data/corpora.js';
import { dataKeyFields, TaskData } from '../data/task-data.js';
import type { Plan } from '../plan/plan.js';
import { Services } from '../services.js';
import { hashJson, type RunStore } from '../store/index.js';

interface StoredReport {
  readonly key: string;
  readonly report: LeakReport;
}

interface SampledCorpus {
  readonly images: Source<RasterImage>;
  readonly fingerprint: string;
}

/**
 * The corpora that are searched. The validation corpus is one of them: a test image in it would help to choose the weights
 * that are then measured on that image.
 */
interface SearchedCorpora {
  readonly corpus?: SampledCorpus;
  readonly validation?: SampledCorpus;
}

/** Outcome of the leak search of a task. */
export interface TaskLeaks {
  readonly counts: readonly LeakCounts[];
  /** One sentence for each split or corpus in which test images were found. */
  readonly notes: readonly string[];
}

/** Counts the test images that were found in each split and in each corpus. */
function countLeaks(report: LeakReport): LeakCounts[] {
  return (['train', 'val', 'corpus', 'validation'] as const).flatMap((split) => {
    const matches = report[split];
    if (!matches) return [];
    const { compared, groups, identical, near } = matches;
    return [{ of: split, compared, groups: groups?.length ?? null, identical: identical.length, near: near.length }];
  });
}

const SPLIT_NAMES = {
  train: 'the training split',
  val: 'the validation split',
  corpus: 'the training corpus',
  validation: 'the validation corpus, by whose loss weights are kept,',
} as const;

function describeLeaks(counts: LeakCounts, test: number, file: string): string[] {
  const { of: split, groups, identical, near } = counts;
  const findings = [
    ...(identical > 0 ? [`${identical} pixel for pixel`] : []),
    ...(near > 0 ? [`${near} in all but encoding`] : []),
    ...(groups ? [`${groups} by showing a patient, lesion or slide of it`] : []),
  ];
  return findings.length === 0
    ? []
    : [`leak: ${SPLIT_NAMES[split]} has seen test images, of ${test}: ${findings.join(', ')} (${file})`];
}

/** Returns the images of at most `limit` pairs, spread evenly over the corpus. */
function sampleImages({ pairs }: OpenedCorpus, limit: number): Source<RasterImage> {
  const length = Math.min(limit, pairs.length);
  return { length, get: async (i) => (await pairs.get(Math.floor((i * pairs.length) / length))).image };
}

/** Searches the training data for test images, once per task of a run. */
export class LeakStage {
  readonly #tasks = new Map<string, Promise<TaskLeaks | undefined>>();
  #corpora: Promise<SearchedCorpora> | undefined;

  constructor(
    @Services.Plan private readonly plan: Plan,
    @Services.Registry private readonly registry: Registry,
    @Services.Store private readonly store: RunStore,
    @Services.LeakCheck private readonly checkLeaks: LeakCheck,
    @Services.Profile private readonly profile: Profile,
    @inject(TaskData) private readonly data: TaskData,
    @inject(Corpora) private readonly corpora: Corpora,
  ) {}

  /**
   * Returns the leaks of a task; undefined if nothing was searched, because the setting turns the search off, the task
   * provides no images, or its images cannot be read.
   */
  find(entry: CatalogueEntry<'task'>): Promise<TaskLeaks | undefined> {
    const leaks = this.#tasks.get(entry.id) ?? this.profile.span('leak search', () => this.#search(entry));
    this.#tasks.set(entry.id, leaks);
    return leaks;
  }

  async #search(entry: CatalogueEntry<'task'>): Promise<TaskLeaks | undefined> {
    const { check, corpusPairs } = this.plan.config.leaks;
    if (!check) return undefined;
    const { layout } = this.store;
    const file = layout.leaks(entry.id);
    try {
      const task = await this.registry.get('task', entry.id);
      if (!task.images) return undefined;
      const seed = this.plan.config.seeds[0]!;
      const { corpus, validation } = corpusPairs > 0 ? await this.#openCorpora(corpusPairs) : {};
      const key = hashJson({
        format: 3,
        ...dataKeyFields(await this.data.key(entry, seed)),
        corpus: corpus && [corpus.fingerprint, corpusPairs],
        validation: validation && [validation.fingerprint, corpusPairs],
      });
      let stored = this.store.readSealed<StoredReport>(file);
      if (stored?.key !== key) {
        const images = await task.images(this.data.context(entry, seed));
        stored = { key, report: await this.checkLeaks(images, corpus?.images, validation?.images) };
        this.store.writeSealed(file, stored);
      }
      const counts = countLeaks(stored.report);
      const { test } = stored.report;
      return {
        counts,
        notes: counts.flatMap((splitCounts) => describeLeaks(splitCounts, test, layout.relative(file))),
      };
    } catch (error) {
      // No cell fails here: if the data are faulty, the measurement itself reports it in the cells.
      this.store.log({ task: entry.id, leaks: 'not searched', error: errorMessage(error) });
      return undefined;
    }
  }

  #openCorpora(limit: number): Promise<SearchedCorpora> {
    this.#corpora ??= (async () => {
      // Without a method, nothing was trained on a corpus.
      if (!this.plan.rows.some(({ kind }) => kind === 'method')) return {};
      const seed = this.plan.config.seeds[0]!;
      const sample = (corpus: OpenedCorpus): SampledCorpus => ({
        images: sampleImages(corpus, limit),
        fingerprint: corpus.fingerprint,
      });
      const corpus = await this.corpora.openForSeed(seed);
      const validation = await this.corpora.openValidation(seed);
      return { corpus: sample(corpus), ...(validation ? { validation: sample(validation) } : {}) };
    })();
    return this.#corpora;
  }
}
