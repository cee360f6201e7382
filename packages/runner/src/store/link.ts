import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unwritableError } from '@medbench/core';
import { RunLayout } from './layout.js';

/** Copies a folder, with hard links where the file system has them. */
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
 * Links the checkpoints of a row from one run folder into another, so that the second run can reuse or resume them. The
 * key of each training decides whether they fit. Hard links take no space and are safe: files of a run folder are
 * replaced, never modified in place. Does nothing if the first folder has no checkpoints of the row, or the second
 * already has some.
 * @throws MedbenchError('store') if the second folder cannot be written.
 */
export function linkCheckpoints(from: string, to: string, row: string): void {
  const source = new RunLayout(from).checkpoints(row);
  const target = new RunLayout(to).checkpoints(row);
  if (!existsSync(source) || existsSync(target)) return;
  // Fill a staging folder, then rename it: a folder that exists is then always complete.
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
