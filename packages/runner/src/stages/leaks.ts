import type { LeakCounts, LeakReport, OpenedCorpus, RasterImage, Source } from '@medbench/core';
import { fileName, messageOf } from '@medbench/core';
import type { CatalogueEntry } from '@medbench/core/catalogue';
import { dataContext, dataKey, type RunContext } from '../context.js';
import { hashOf } from '../store/index.js';

interface StoredReport {
  readonly key: string;
  readonly report: LeakReport;
}

/** What was searched, and what was found. */
export interface Leaks {
  readonly counts: readonly LeakCounts[];
  /** For a reader, one sentence for each place where something was found. */
  readonly notes: readonly string[];
}

/** Test pictures found in several ways count once. */
function countsOf(report: LeakReport): LeakCounts[] {
  return (['train', 'val', 'corpus'] as const).flatMap((of) => {
    const found = report[of];
    if (!found) return [];
    const { compared, groups, identical, near } = found;
    return [{ of, compared, groups: groups?.length ?? null, identical: identical.length, near: near.length }];
  });
}

const SIDES = { train: 'the training split', val: 'the validation split', corpus: 'the training corpus' } as const;

function noteOf(counts: LeakCounts, test: number, file: string): string[] {
  const { of, groups, identical, near } = counts;
  const parts = [
    ...(identical > 0 ? [`${identical} pixel for pixel`] : []),
    ...(near > 0 ? [`${near} in all but encoding`] : []),
    ...(groups ? [`${groups} by showing a patient, lesion or slide of it`] : []),
  ];
  return parts.length === 0
    ? []
    : [`leak: ${SIDES[of]} has seen test pictures, of ${test}: ${parts.join(', ')} (${file})`];
}

/** Pictures of at most `limit` pairs, spread evenly over all. */
function picturesOf({ pairs }: OpenedCorpus, limit: number): Source<RasterImage> {
  const length = Math.min(limit, pairs.length);
  return { length, get: async (i) => (await pairs.get(Math.floor((i * pairs.length) / length))).image };
}

/** Searches each task of a run once for test pictures that training has seen. */
export class LeakStage {
  readonly #tasks = new Map<string, Promise<Leaks | undefined>>();
  #corpus: Promise<{ images: Source<RasterImage>; fingerprint: string } | undefined> | undefined;

  /** @param corpus What the methods train on; undefined where none does. */
  constructor(
    private readonly run: RunContext,
    private readonly corpus: (() => Promise<OpenedCorpus>) | undefined,
  ) {}

  /** Undefined if nothing was searched: the setting says so, the task names no pictures, or they cannot be read. */
  of(entry: CatalogueEntry<'task'>): Promise<Leaks | undefined> {
    const known = this.#tasks.get(entry.id) ?? this.#search(entry);
    this.#tasks.set(entry.id, known);
    return known;
  }

  async #search(entry: CatalogueEntry<'task'>): Promise<Leaks | undefined> {
    const { run } = this;
    const { check, corpusPairs } = run.plan.config.leaks;
    if (!check || !run.checkLeaks) return undefined;
    const parts = ['leaks', `${fileName(entry.id)}.json`];
    try {
      const task = await run.registry.get('task', entry.id);
      if (!task.pictures) return undefined;
      const seed = run.plan.config.seeds[0]!;
      const corpus = corpusPairs > 0 ? await this.#opened(corpusPairs) : undefined;
      const key = hashOf({
        format: 2,
        ...(await dataKey(run, entry, seed)),
        corpus: corpus && [corpus.fingerprint, corpusPairs],
      });
      let stored = run.store.readJson<StoredReport>(...parts);
      if (stored?.key !== key) {
        stored = {
          key,
          report: await run.checkLeaks(await task.pictures(dataContext(run, seed, entry)), corpus?.images),
        };
        run.store.writeJson(stored, ...parts);
      }
      const counts = countsOf(stored.report);
      const { test } = stored.report;
      return { counts, notes: counts.flatMap((one) => noteOf(one, test, parts.join('/'))) };
    } catch (error) {
      // Whatever is wrong with the data, the task itself says in its cells.
      run.store.log({ task: entry.id, leaks: 'not searched', error: messageOf(error) });
      return undefined;
    }
  }

  #opened(limit: number): Promise<{ images: Source<RasterImage>; fingerprint: string } | undefined> {
    this.#corpus ??= (async () => {
      const corpus = await this.corpus?.();
      return corpus && { images: picturesOf(corpus, limit), fingerprint: corpus.fingerprint };
    })();
    return this.#corpus;
  }
}
