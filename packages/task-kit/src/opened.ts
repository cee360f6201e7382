import type { DataContext } from '@medbench/core';

/**
 * Keeps what a task has opened: all rows of a run measure the same data. A task keeps one instance, which holds the data
 * of the latest context. A failure is not kept, so that the next row tries again.
 */
export class OpenedData<T> {
  #latest: { readonly key: string; readonly data: Promise<T> } | undefined;

  /** @param open Opens the data, if the latest context had another folder, other settings or another seed. */
  get({ dataRoot, cacheRoot, settings, skipBad, seed }: DataContext, open: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([dataRoot, cacheRoot, settings, skipBad, seed]);
    if (this.#latest?.key === key) return this.#latest.data;
    const opened = { key, data: open() };
    this.#latest = opened;
    opened.data.catch(() => {
      if (this.#latest === opened) this.#latest = undefined;
    });
    return opened.data;
  }
}
