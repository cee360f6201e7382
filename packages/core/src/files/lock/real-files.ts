import { constants, copyFileSync, linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files.js';
import type { LockFiles } from './protocol.js';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
/** Errors that mean: there is no such file or folder. */
const MISSING = ['ENOENT', 'ENOTDIR'];
/** Errors of file systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];

/** Returns what `read` returns, or `none` if the file is missing. */
function unlessMissing<T>(read: () => T, none: T): T {
  try {
    return read();
  } catch (error) {
    if (MISSING.includes(codeOf(error) ?? '')) return none;
    throw error;
  }
}

/** Makes a second name for a file. @throws the error of the system, EEXIST if the name is taken. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error) ?? '')) throw error;
    // The copy may be seen half written: it then cannot be read, and counts as held until it is complete.
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/** The files of a lock in a folder, which is made when the first is written. */
export const realLockFiles = (folder: string): LockFiles => ({
  list: () => unlessMissing(() => readdirSync(folder), []),
  read: (name) => unlessMissing(() => readFileSync(join(folder, name), 'utf8'), undefined),
  write(name, text) {
    makeFolder(folder);
    writeFileSync(join(folder, name), text);
  },
  link(from, to) {
    try {
      linkOrCopy(join(folder, from), join(folder, to));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  },
  remove: (name) => rmSync(join(folder, name), { force: true }),
  stamp: (name) => unlessMissing(() => String(statSync(join(folder, name)).mtimeMs), ''),
});
