import { setTimeout as delay } from 'node:timers/promises';
import { MedbenchError, turnPluginsOff } from '@medbench/core';
import type { FeederObserver, Undelivered } from '@medbench/runner';
import { RunWatch } from '@medbench/runner/watch';
import { openRun } from '../open-run.js';
import { discoverPlugins, openRegistry } from '../workspace.js';
import { namedTrackers, openFeeder, reportPlots } from './open-feeder.js';

/** Milliseconds between two passes, and two looks whether the run has ended. */
const LOOK = 2000;

/** Options of `trackRun`. */
export interface TrackOptions {
  /** Ids of trackers. Default: those of the run's settings. */
  readonly trackers?: readonly string[] | undefined;
  /** Feed them until the run has ended. Default: once. */
  readonly follow?: boolean | undefined;
  /** Folder from which a relative path of the run folder starts. Default: that of the process. */
  readonly cwd?: string | undefined;
  readonly observer?: FeederObserver | undefined;
  /** Stops following; what is there is then sent. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Feeds trackers from a run folder, while the run works or later. What a tracker has is not sent again.
 * @returns what was not delivered, and why.
 * @throws MedbenchError('usage') if the folder is not that of a run, or no tracker is named; ('unknown-id') for an unknown one.
 */
export async function trackRun(dir: string, options: TrackOptions = {}): Promise<Undelivered[]> {
  const { cwd = process.cwd(), follow = false, signal = new AbortController().signal } = options;
  const { observer = { message: () => {}, warning: () => {} } } = options;
  const opened = openRun(cwd, dir);
  const { home } = opened.run;
  const ids = [...new Set(options.trackers ?? namedTrackers(opened.run))];
  if (ids.length === 0) {
    throw new MedbenchError('usage', `The run in ${opened.folder} names no tracker`, {
      hint: 'Name one with --tracker, such as --tracker tensorboard (medbench list trackers).',
    });
  }
  if (home?.builtInOnly) turnPluginsOff();
  const project = home?.cwd ?? cwd;
  const registry = await openRegistry({ cwd: project, catalogue: await discoverPlugins(project, home?.plugins ?? []) });
  const feeder = openFeeder(opened, ids, registry, observer, { interval: LOOK });
  if (follow) {
    feeder.start();
    const watch = new RunWatch(opened.folder);
    while (!signal.aborted && watch.read()?.state !== 'ended') {
      await delay(LOOK, undefined, { signal }).catch(() => {});
    }
  }
  return feeder.finish(() => reportPlots(opened.folder));
}
