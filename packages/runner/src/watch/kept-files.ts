import { statSync } from 'node:fs';

interface KeptFile {
  readonly stamp: string;
  readonly modified: number;
  readonly value: unknown;
}

/** A file that was read. */
export interface ReadFile<T> {
  readonly value: T;
  /** When it was last written, in milliseconds by the clock of the file system. */
  readonly modified: number;
}

/** Reads files again only if they have changed. Files of a run folder are replaced, so that a change shows in their stamp. */
export class KeptFiles {
  readonly #files = new Map<string, KeptFile>();

  /** @returns undefined if the file is not there, or `parse` returns undefined for it. */
  read<T>(path: string, parse: (path: string) => T | undefined): ReadFile<T> | undefined {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) {
      this.#files.delete(path);
      return undefined;
    }
    const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    const before = this.#files.get(path);
    const file = before?.stamp === stamp ? before : { stamp, modified: stat.mtimeMs, value: parse(path) };
    this.#files.set(path, file);
    return file.value === undefined ? undefined : { value: file.value as T, modified: file.modified };
  }
}

/** When a file was last written, in milliseconds; undefined if it is not there. */
export const modifiedAt = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
