import type { RunStore } from '../store/index.js';

/** Maximum number of skipped examples listed for a data set; further ones are only counted. */
const LISTED = 1000;

/** Examples that `--skip-bad` skipped, by data set. They are written to `skipped.json` in the run folder. */
export interface SkipLog {
  /** Returns a function that records skipped examples of a data set; repeated records of one example count once. */
  recorderFor(id: string): (what: string) => void;
  /** Returns all examples that were recorded in this process so far, by data set. */
  all(): Readonly<Record<string, readonly string[]>>;
  /** Writes `skipped.json` and logs the counts, if anything was recorded since the last call. */
  flush(): void;
}

/** Creates a `SkipLog` that writes into a run folder. */
export function skipLog(store: Pick<RunStore, 'layout' | 'writeJson' | 'log'>): SkipLog {
  const sets = new Map<string, Set<string>>();
  let written = 0;
  return {
    recorderFor: (id) => (what) => {
      const seen = sets.get(id) ?? new Set();
      sets.set(id, seen);
      seen.add(what);
    },
    all: () => Object.fromEntries([...sets].map(([id, seen]) => [id, [...seen]])),
    flush() {
      const lists = [...sets].map(([id, seen]) => ({ data: id, count: seen.size, list: [...seen].slice(0, LISTED) }));
      const total = lists.reduce((sum, { count }) => sum + count, 0);
      if (total === written) return;
      written = total;
      store.writeJson(store.layout.skipped, lists);
      for (const { data, count } of lists) store.log({ data, skipped: count, list: 'skipped.json' });
    },
  };
}
