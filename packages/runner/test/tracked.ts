import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyTracker, LastPoint, TrackedPoint, TrackedUnit, TrackerSession } from '@medbench/core';
import { DEFAULTS } from '../src/config/schema.js';
import type { RunFile } from '../src/results.js';
import { RunLayout } from '../src/store/layout.js';
import { Feeder, feedSource, type Undelivered } from '../src/track/index.js';

/** A place that keeps all points as they came. */
export class Place implements AnyTracker, TrackerSession {
  readonly points: (TrackedPoint & { readonly unit: string })[] = [];
  readonly finishedUnits: string[] = [];
  opened = 0;
  /** Is asked before each batch; what it throws or waits for is the failure. */
  fault: () => Promise<void> | void = () => {};

  async open(): Promise<TrackerSession> {
    this.opened++;
    return this;
  }

  async received({ name }: TrackedUnit): Promise<(curve: string) => LastPoint | undefined> {
    return (curve) => this.points.findLast((point) => point.unit === name && point.curve === curve);
  }

  async send({ name }: TrackedUnit, points: readonly TrackedPoint[]): Promise<void> {
    await this.fault();
    this.points.push(...points.map((point) => ({ ...point, unit: name })));
  }

  async finished({ name }: TrackedUnit): Promise<void> {
    this.finishedUnits.push(name);
  }

  /** The points of a curve, as pairs of step and value. */
  curve(name: string, unit = 'clip/seed-0'): (readonly [number, number])[] {
    const own = this.points.filter((point) => point.unit === unit && point.curve === name);
    return own.map(({ step, value }) => [step, value] as const);
  }
}

export const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
export const line = (second: number, entry: object): string =>
  `${JSON.stringify({ time: at(second), row: 'clip', seed: 0, training: 'clip', ...entry })}\n`;
export const begins = (second: number, key = 'a1b2c3d4'): string =>
  line(second, { key, parameters: { total: 1 }, steps: 100 });
/** Steps whose loss follows from the step alone, as that of a training does. */
export const steps = (second: number, from: number, to: number, loss = (step: number): number => 100 - step): string =>
  Array.from({ length: (to - from) / 10 }, (_, i) => {
    const step = from + 10 * i;
    return line(second + i, { step, loss: loss(step), learningRate: step / 1000, 'term/clip': 1 });
  }).join('');
/** The points of the curve of the loss that `steps` logs. */
export const expected = (to: number): (readonly [number, number])[] =>
  Array.from({ length: to / 10 }, (_, i) => [10 * i, 100 - 10 * i] as const);

/** A run folder for a test, and what its user was told. */
export class TrackedFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'medbench-track-'));
  readonly layout = new RunLayout(this.folder);
  readonly told: string[] = [];
  readonly observer = {
    message: (text: string) => this.told.push(text),
    warning: (text: string) => this.told.push(`warning ${text}`),
  };

  feeder(
    place: AnyTracker,
    { patience = 60_000, config = {} }: { patience?: number; config?: Partial<RunFile['config']> } = {},
  ): Feeder {
    const file: RunFile = { config: { ...DEFAULTS, ...config }, command: 'medbench run', backend: 'wasm' };
    const tracker = { id: 'place', settings: {}, load: async () => place };
    return new Feeder(feedSource(this.layout, file), [tracker], this.observer, { interval: 10, patience });
  }

  /** One pass of a process that then ends. */
  feed(place: AnyTracker): Promise<Undelivered[]> {
    return this.feeder(place).finish();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
