import type { Writable } from 'node:stream';
import {
  choice,
  defineSettings,
  errorMessage,
  MedbenchError,
  type TrackedPoint,
  type TrackedUnit,
  Tracker,
  type TrackerRequest,
  type TrackerSession,
} from '@medbench/core';

const settings = defineSettings({
  to: choice(['stdout', 'stderr'], { default: 'stdout', description: 'Where the lines are printed.' }),
});

/** The lines of some points: one for all points that were logged together. */
export function toLines(run: string, unit: TrackedUnit, points: readonly TrackedPoint[]): string {
  const lines = new Map<string, Record<string, unknown>>();
  for (const { curve, step, time, value } of points) {
    const key = `${step} ${time}`;
    const line = lines.get(key) ?? {
      ...{ time: new Date(time).toISOString(), run, unit: unit.name, row: unit.row, seed: unit.seed },
      ...{ generated: unit.generated, step, values: {} },
    };
    lines.set(key, line);
    (line.values as Record<string, number>)[curve] = value;
  }
  return [...lines.values()].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Prints lines to a stream of the process. */
class Lines implements TrackerSession {
  /** An error of the stream is that of the write; without a listener it would end the process. */
  readonly #ignore = (): void => {};

  constructor(
    private readonly run: string,
    private readonly stream: Writable,
  ) {
    stream.on('error', this.#ignore);
  }

  send(unit: TrackedUnit, points: readonly TrackedPoint[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(toLines(this.run, unit, points), (error) => {
        if (error) reject(new MedbenchError('store', `Lines cannot be printed: ${errorMessage(error)}`));
        else resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.stream.off('error', this.#ignore);
  }
}

/**
 * Prints a line of JSON for each line of the log and for the figures of each task. What was printed once, also by a process that
 * was killed, is not printed again.
 */
@Tracker({ id: 'jsonl', title: 'Lines of JSON on stdout or stderr, for schedulers', settings })
export class JsonLines implements Tracker<typeof settings> {
  async open({ run, settings: { to } }: TrackerRequest<typeof settings>): Promise<TrackerSession> {
    return new Lines(run.name, to === 'stdout' ? process.stdout : process.stderr);
  }
}
