import type { RunStore } from '../store/index.js';

/** Left-out examples of a data set that are named; the others are only counted. */
const LISTED = 1000;

/** What `--skip-bad` left out, by data set; written to `skipped.json` of the run folder. */
export interface SkipLog {
  /** Takes what is left out of a data set; the same fault counts once. */
  recorderFor(id: string): (what: string) => void;
  /** Writes the list, if it has grown, and the numbers to the log. */
  flush(): void;
}

export function skipLog(store: Pick<RunStore, 'layout' | 'writeJson' | 'log'>): SkipLog {
  const sets = new Map<string, Set<string>>();
  let written = 0;
  return {
    recorderFor: (id) => (what) => {
      const seen = sets.get(id) ?? new Set();
      sets.set(id, seen);
      seen.add(what);
    },
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
