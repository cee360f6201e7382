import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unwritableError } from '@medbench/core';
import { RunLayout } from './layout.js';

function copyInto(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyInto(source, target);
    else {
      try {
        linkSync(source, target);
      } catch {
        copyFileSync(source, target);
      }
    }
  }
}

/**
 * Gives a run folder what another one has trained of a row, to be gone on with: the key of each training decides whether it
 * is of use. It takes no room where the file system has hard links, for files of a run folder are replaced, never written
 * into. Nothing happens if there is nothing, or the row has a folder of its own.
 * @throws MedbenchError('store') if it cannot be written.
 */
export function linkCheckpoints(from: string, to: string, row: string): void {
  const source = new RunLayout(from).checkpoints(row);
  const target = new RunLayout(to).checkpoints(row);
  if (!existsSync(source) || existsSync(target)) return;
  // Made beside its place and renamed: a folder that is there is whole.
  const staging = `${target}.linking`;
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(dirname(target), { recursive: true });
    copyInto(source, staging);
    renameSync(staging, target);
  } catch (cause) {
    throw unwritableError(target, cause, 'Choose another folder with --out');
  }
}
