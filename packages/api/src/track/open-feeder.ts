import { resolveSettings, type TrackedPlot } from '@medbench/core';
import { findEntry } from '@medbench/core/catalogue';
import type { Registry } from '@medbench/core/services';
import {
  type ChosenTracker,
  Feeder,
  type FeederObserver,
  type FeederOptions,
  feedSource,
  RunLayout,
  type Undelivered,
} from '@medbench/runner';
import { loadReport } from '../load-report.js';
import type { OpenedRun } from '../open-run.js';

/** The trackers that settings name. A run that an older version began names none. */
export const namedTrackers = ({ config }: OpenedRun['run']): readonly string[] => config.trackers ?? [];

/**
 * Opens trackers of a run.
 * @param ids of the trackers.
 * @throws MedbenchError('unknown-id') for an unknown tracker or setting; ('config') for a wrong value; ('store') if the run
 *   folder cannot be written.
 */
export function openFeeder(
  { folder, run }: OpenedRun,
  ids: readonly string[],
  registry: Registry,
  observer: FeederObserver,
  options?: FeederOptions,
): Feeder {
  const chosen = ids.map((id): ChosenTracker => {
    const { info } = findEntry(registry.catalogue, 'tracker', id);
    const settings = resolveSettings('tracker', info, run.config.tracker?.[id]);
    return { id, settings, load: () => registry.get('tracker', id) };
  });
  return new Feeder(feedSource(new RunLayout(folder), run), chosen, observer, options);
}

/** Draws the plots of a run that has ended. */
export async function reportPlots(folder: string): Promise<TrackedPlot[]> {
  const { readResults, renderPlots } = await loadReport();
  return renderPlots(await readResults(folder));
}

/** Describes what a tracker did not get, and the command that delivers it. */
export const describeUndelivered = (folder: string, { tracker, points, why }: Undelivered): string =>
  `tracker ${tracker}: ${points === 0 ? 'not everything was' : `${points} values were not`} delivered (${why}). ` +
  `The run folder has them: medbench track ${folder} --tracker ${tracker} delivers them`;
