import { existsSync } from 'node:fs';
import { MedbenchError } from '@medbench/core';
import { type RunFile, type RunHome, RunLayout, tryReadJson } from '@medbench/runner/watch';
import { namedFolder } from './workspace.js';

/** A run folder that exists, and the part of its `run.json` that programs read. */
export interface OpenedRun {
  /** Absolute path. */
  readonly folder: string;
  readonly run: RunFile;
}

/**
 * Reads what the run in a folder is.
 * @throws MedbenchError('usage') if the folder is not that of a run.
 */
export function openRun(cwd: string, dir: string): OpenedRun {
  const folder = namedFolder(cwd, dir);
  const path = new RunLayout(folder).run;
  const run = tryReadJson<RunFile>(path);
  if (run) return { folder, run };
  throw new MedbenchError('usage', `${path} ${existsSync(path) ? 'is damaged' : 'is not there'}`, {
    hint: 'Name the folder of a run (its --out); repeat the run command if the file is damaged.',
  });
}

/** @throws MedbenchError('usage') if the run does not say, or no longer has, what another process needs. */
export function homeOf({ folder, run: { home } }: OpenedRun): RunHome {
  if (!home) {
    throw new MedbenchError('usage', `The run in ${folder} was started by a version without medbench work`, {
      hint: 'Repeat its run command once; other processes can then take part.',
    });
  }
  if (existsSync(home.cwd)) return home;
  throw new MedbenchError('usage', `${home.cwd}, where the run in ${folder} was started, is not here`, {
    hint: 'Each machine that works on a run needs its folder, its data and its working folder under the same paths.',
  });
}
