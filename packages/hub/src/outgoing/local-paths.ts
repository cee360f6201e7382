import { homedir } from 'node:os';

/** The mark in the place of a path. */
const PATH = '(local path)';

/** An absolute path after a blank, a quote, an equals sign or the like. Addresses on the web are none. */
const ABSOLUTE =
  /(?<=^|[\s"'`=,:;([{<|])(?:file:\/\/\S+|(?:~|[A-Za-z]:)?[\\/](?:[\w.@~-][^\s"'`,;)\]}>|]*)|\\\\[\w.-]+\\\S*)/g;

/** Names of folders shorter than this are found in too many texts to be looked for by their name alone. */
const SHORTEST = 6;

/** Removes the paths of this machine from texts that are passed on: they name people, projects and files of data sets. */
export class LocalPaths {
  /** Folders to look for, the longest first. */
  readonly folders: readonly string[];

  /** @param folders folders of this machine that texts may name, in addition to that of the user. */
  constructor(folders: readonly (string | undefined)[]) {
    const named = [...folders, homedir(), process.cwd()].filter((folder) => folder !== undefined);
    const long = named.filter((folder) => folder.length >= SHORTEST && /^([\\/]|[A-Za-z]:)/.test(folder));
    this.folders = [...new Set(long)].sort((a, b) => b.length - a.length);
  }

  /** A text with a mark in the place of each absolute path. */
  redact(text: string): string {
    let redacted = text;
    // A known folder may have blanks in its name.
    for (const folder of this.folders) {
      for (let from = redacted.indexOf(folder); from >= 0; from = redacted.indexOf(folder, from + PATH.length)) {
        const rest = redacted.slice(from + folder.length).replace(/^[^\s"'`,;)\]}>|]*/, '');
        redacted = redacted.slice(0, from) + PATH + rest;
      }
    }
    return redacted.replace(ABSOLUTE, PATH);
  }

  /** A JSON value with all its texts redacted. A text that is a path, with or without blanks, is replaced as a whole. */
  redactAll<T>(value: T): T {
    if (typeof value === 'string') {
      return (this.folders.some((folder) => value.startsWith(folder)) ? PATH : this.redact(value)) as T;
    }
    if (Array.isArray(value)) return value.map((entry) => this.redactAll(entry)) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, this.redactAll(entry)])) as T;
  }
}
