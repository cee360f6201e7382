import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { unreadable } from '@medbench/data/files';
import { expand } from 'brace-expansion';
import { isAddress, type RemoteFiles } from './byte-store.js';
import { visibleNames } from './list.js';

/** More files than this are taken for a mistake in a range. */
const MAX_FILES = 100_000;

/** The files of one part of a text that names files. */
export interface FoundFiles {
  readonly files: readonly string[];
  /** The folder whose files they are, if the part names a folder on disk. */
  readonly folder?: string;
}

/**
 * Finds the files that a text names: those of a folder whose names end in `suffix`, a file, a range in braces
 * (`cc3m-{00000..00099}.tar`, `{a,b}.tar`), an address, or several of these joined by `::`. A file may occur twice.
 * @param remote Lists what is behind an address. Default: addresses are refused.
 * @throws MedbenchError('data') naming what is missing; ('config') for an address or a range that is too large.
 */
export async function findFiles(spec: string, suffix: string, remote?: RemoteFiles): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const found of eachPart(spec, suffix, remote)) files.push(...found.files);
  return files;
}

/** As `findFiles`, part by part, in order. */
export async function* eachPart(spec: string, suffix: string, remote?: RemoteFiles): AsyncGenerator<FoundFiles> {
  for (const part of splitSpec(spec)) {
    for (const path of expandBraces(part)) {
      if (isAddress(path)) {
        yield { files: await remoteNames(path, suffix, remote) };
      } else if (await isFolder(path)) {
        const names = (await visibleNames(path)).filter((name) => name.endsWith(suffix));
        if (names.length === 0) {
          throw new MedbenchError('data', `${path} holds no file that ends in ${suffix}`, {
            hint: 'Put the files there, or name their folder in the settings of the corpus.',
          });
        }
        yield { files: names.map((name) => join(path, name)), folder: path };
      } else {
        yield { files: [path] };
      }
    }
  }
}

/** Splits a text at `::`. @throws MedbenchError('config') if a part is empty, or a command instead of a name. */
function splitSpec(spec: string): string[] {
  const parts = spec.split('::');
  for (const part of parts) {
    if (part === '') throw new MedbenchError('config', `"${spec}" names no file between its "::"`);
    if (isAddress(part) || !/^[a-z][a-z0-9+.-]+:/i.test(part) || /^[a-z]:[\\/]/i.test(part)) continue;
    throw new MedbenchError('config', `"${part}" is not a folder, a file or an address`, {
      hint: 'An address reads https://… or hf://datasets/OWNER/NAME/….',
    });
  }
  return parts;
}

function remoteNames(address: string, suffix: string, remote?: RemoteFiles): Promise<readonly string[]> {
  if (remote) return remote.list(address, suffix);
  throw new MedbenchError('config', `"${address}" is not a folder or file: here, files are read from disk only`, {
    hint: 'Fetch the files first, then name their folder.',
  });
}

// One more than the maximum, and no other limit before it: the library truncates its list silently.
const LIMITS = { max: MAX_FILES + 1, maxLength: 2 ** 30, maxSteps: 100 * MAX_FILES };

function expandBraces(part: string): string[] {
  const paths = part.includes('{') ? expand(part, LIMITS) : [part];
  if (paths.length <= MAX_FILES) return paths;
  throw new MedbenchError('config', `"${part}" stands for more than ${MAX_FILES} files`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
