import { errorMessage } from '@medbench/core';
import type { Registry } from '@medbench/core/services';
import type { Feeder, FeederObserver } from '@medbench/runner';
import { openRun } from '../open-run.js';
import { describeUndelivered, namedTrackers, openFeeder, reportPlots } from './open-feeder.js';

/** The trackers of a run that this process leads. */
export interface StartedTrackers {
  /** Sends what is left, and says what could not be delivered. It takes a few seconds at most if a server is gone. */
  finish(): Promise<void>;
}

/**
 * Feeds the trackers of a run, if its settings name any, until `finish` is called. Only the process that holds the lock of
 * the table may, so that one process feeds them.
 * @param folder of a run that has begun, absolute.
 */
export function startTrackers(folder: string, registry: Registry, observer: FeederObserver): StartedTrackers {
  const opened = openRun(folder, folder);
  const ids = namedTrackers(opened.run);
  if (ids.length === 0) return { finish: async () => {} };
  let feeder: Feeder;
  try {
    feeder = openFeeder(opened, ids, registry, observer);
  } catch (error) {
    // Names and settings were checked with the plan. What is left, such as a full disk, must not end the run.
    observer.warning(`trackers ${ids.join(', ')} failed: ${errorMessage(error)}`);
    return { finish: async () => {} };
  }
  feeder.start();
  return {
    finish: async () => {
      const left = await feeder.finish(() => reportPlots(folder));
      for (const one of left) observer.warning(describeUndelivered(folder, one));
    },
  };
}
