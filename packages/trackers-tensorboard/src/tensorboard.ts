import { join } from 'node:path';
import {
  type LastPoint,
  type TrackedPoint,
  type TrackedRun,
  type TrackedUnit,
  Tracker,
  type TrackerRequest,
  type TrackerSession,
} from '@medbench/core';
import { EventFile } from './event-file.js';
import { scalarEvent, textEvent } from './events.js';

/** Joins points of one step and time, which were logged together, to one event. */
function toEvents(points: readonly TrackedPoint[]): Uint8Array[] {
  const events = new Map<string, TrackedPoint[]>();
  for (const point of points) {
    const key = `${point.step} ${point.time}`;
    const joined = events.get(key);
    if (joined) joined.push(point);
    else events.set(key, [point]);
  }
  return [...events.values()].map((joined) => {
    const { step, time } = joined[0]!;
    const scalars = joined.map(({ curve, value }) => ({ tag: curve, value }));
    return scalarEvent({ wallTime: time / 1000, step, scalars });
  });
}

const escapeCell = (value: string): string => value.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Describes a unit, for the page of texts. */
function describeUnit(run: TrackedRun, { row, seed, generated }: TrackedUnit): string {
  const lines = Object.entries(run.settings).map(([name, value]) => `| ${name} | ${escapeCell(String(value))} |`);
  return [
    ...(generated ? ['**Generated data (phantoms): no figure here says anything about real images.**', ''] : []),
    `Row \`${row}\`, seed ${seed}, of the run ${run.name}. Backend: ${run.backend}.`,
    '',
    `\`${run.command}\``,
    '',
    '| setting | value |',
    '| --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

/** The event files of a run, one for each unit. */
class EventFiles implements TrackerSession {
  readonly #files = new Map<string, EventFile>();

  constructor(
    private readonly run: TrackedRun,
    private readonly folder: string,
  ) {}

  async received(unit: TrackedUnit): Promise<(curve: string) => LastPoint | undefined> {
    const file = await this.#open(unit);
    return (curve) => file.lastPoint(curve);
  }

  async send(unit: TrackedUnit, points: readonly TrackedPoint[]): Promise<void> {
    const file = await this.#open(unit);
    const wallTime = points[0]!.time / 1000;
    const head = textEvent(wallTime, 'run', describeUnit(this.run, unit));
    await file.append(toEvents(points), { wallTime, owner: this.run.id, head });
  }

  async #open(unit: TrackedUnit): Promise<EventFile> {
    const known = this.#files.get(unit.name);
    if (known) return known;
    const file = await EventFile.open(join(this.folder, ...unit.name.split('/')));
    this.#files.set(unit.name, file);
    return file;
  }
}

/** Writes event files, which trackio reads too, into `trackers/tensorboard/<row>/seed-<n>` of the run folder. */
@Tracker({ id: 'tensorboard', title: 'Event files of TensorBoard, which trackio reads too' })
export class TensorBoard implements Tracker {
  async open({ run, files }: TrackerRequest): Promise<TrackerSession> {
    return new EventFiles(run, files);
  }
}
