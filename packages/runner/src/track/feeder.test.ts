import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AnyTracker, type ResultCell, seal } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at, begins, expected, line, Place, steps, TrackedFolder } from '../../test/tracked.js';
import { flatSettings } from '../config/flat.js';
import { DEFAULTS } from '../config/schema.js';
import type { RunLayout } from '../store/layout.js';

let run: TrackedFolder;
let layout: RunLayout;
beforeEach(() => {
  run = new TrackedFolder();
  layout = run.layout;
});
afterEach(() => run.remove());

describe('the curves of a run', () => {
  it('continue after a kill and a resume, without doubles', async () => {
    const place = new Place();
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(50));
    // Killed, and resumed from the checkpoint at step 20.
    appendFileSync(layout.log, begins(60) + line(61, { resumedAt: 20 }) + steps(62, 20, 100));
    await run.feed(place);
    appendFileSync(layout.log, line(80, { step: 100, validationLoss: 0.5 }));
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(100));
    expect(place.curve('training/term/clip')).toHaveLength(10);
    expect(place.curve('validation/loss')).toEqual([[100, 0.5]]);
    const times = place.points.filter(({ curve }) => curve === 'training/loss').map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect([place.points[0]!.time, run.told]).toEqual([Date.parse(at(1)), []]);
  });

  it('are the same if all is fed at the end', async () => {
    const [live, late] = [new Place(), new Place()];
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    await run.feed(live);
    appendFileSync(layout.log, begins(60) + line(61, { resumedAt: 20 }) + steps(62, 20, 100));
    await run.feed(live);
    rmSync(layout.received('place'));
    await run.feed(late);
    expect(late.points.filter(({ curve }) => curve === 'training/loss')).toEqual(
      live.points.filter(({ curve }) => curve === 'training/loss'),
    );
  });

  it('have no doubles if the run folder remembers less than the place has, and no gaps if it remembers more', async () => {
    const place = new Place();
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    await run.feed(place);
    // Killed between the arrival and the note of it.
    rmSync(layout.received('place'));
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(50));
    place.points.length = 0;
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(50));
  });

  it('follow the run folder where a place cannot tell what it has', async () => {
    const place = new Place();
    const silent: AnyTracker = { open: async () => ({ send: (unit, points) => place.send(unit, points) }) };
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    await run.feed(silent);
    await run.feed(silent);
    expect(place.curve('training/loss')).toEqual(expected(50));
  });

  it('of a training with other settings are another unit, and those of the first settings continue', async () => {
    const place = new Place();
    const doubled = (step: number): number => 2 * step;
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    await run.feed(place);
    appendFileSync(layout.log, begins(60, 'ffee1122') + steps(61, 0, 30, doubled));
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(50));
    expect(place.curve('training/loss', 'clip/seed-0-ffee11')).toEqual([0, 10, 20].map((step) => [step, 2 * step]));
    appendFileSync(layout.log, begins(120) + steps(121, 0, 100));
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(100));
  });

  it('of a unit that another machine resumed are joined', async () => {
    const place = new Place();
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    writeFileSync(layout.logOf('node2'), begins(60) + line(61, { resumedAt: 30 }) + steps(62, 30, 100));
    await run.feed(place);
    expect(place.curve('training/loss')).toEqual(expected(100));
  });

  it('of generated data are labelled', async () => {
    const place = new Place();
    const corpus = `${JSON.stringify({ time: at(0), corpus: 'task-pairs', synthetic: true })}\n`;
    writeFileSync(layout.log, corpus + begins(0) + steps(1, 0, 50));
    await run.feeder(place, { config: { corpora: ['task-pairs'] } }).finish();
    expect(new Set(place.points.map(({ unit }) => unit))).toEqual(new Set(['clip/seed-0-generated']));
  });
});

describe('the figures of a run', () => {
  const cell = (method: string, value: number, synthetic = false): ResultCell => ({
    ...{ method, control: method === 'chance', task: 'vqa-rad', protocol: 'vqa', seed: 0, metric: 'accuracy' },
    ...{ value, ci95: [value - 0.125, value + 0.125], n: 8, seconds: 1, status: 'ok', synthetic },
    metrics: { accuracy: { value, ci95: [value - 0.125, value + 0.125] } },
  });
  const writeResults = (cells: readonly ResultCell[], statistics = false, settings = flatSettings(DEFAULTS)): void => {
    const training = [{ method: 'clip', seed: 0, steps: 100 }];
    const results = { schemaVersion: 1, run: { settings }, methods: [], tasks: [], training, cells };
    mkdirSync(dirname(layout.results), { recursive: true });
    writeFileSync(layout.results, JSON.stringify(seal({ ...results, ...(statistics ? { statistics: {} } : {}) })));
  };

  it('come with the bounds of their intervals, at the last step, and end their unit', async () => {
    const place = new Place();
    writeFileSync(layout.log, begins(0) + steps(1, 0, 100));
    writeResults([cell('clip', 0.5)]);
    await run.feed(place);
    expect(place.curve('figures/vqa-rad/vqa/accuracy')).toEqual([[100, 0.5]]);
    expect(place.curve('figures/vqa-rad/vqa/accuracy/low')).toEqual([[100, 0.375]]);
    expect(place.curve('figures/vqa-rad/vqa/accuracy/high')).toEqual([[100, 0.625]]);
    expect(place.finishedUnits).toEqual([]);
    writeResults([cell('clip', 0.5), cell('chance', 0.25, true)], true);
    await run.feed(place);
    expect(place.curve('figures on generated data/vqa-rad/vqa/accuracy', 'chance/seed-0')).toEqual([[0, 0.25]]);
    expect(place.curve('figures/vqa-rad/vqa/accuracy')).toEqual([[100, 0.5]]);
    expect(place.finishedUnits).toEqual(['clip/seed-0', 'chance/seed-0']);
    // The place shows no plots, so that none are drawn.
    const plots = [{ name: 'ranks', title: 'Ranks', generated: false, svg: '<svg/>' }];
    const shown: unknown[] = [];
    const gallery: AnyTracker = {
      open: async () => ({ send: async () => {}, show: async (all) => void shown.push(...all) }),
    };
    await run.feeder(place).finish(() => Promise.reject(new Error('drawn')));
    await run.feeder(gallery).finish(async () => plots);
    expect([shown, run.told]).toEqual([plots, []]);
  });

  it('are corrected when they change, and are those of the present settings', async () => {
    const place = new Place();
    writeFileSync(layout.log, begins(0) + steps(1, 0, 100));
    writeResults([cell('clip', 0.5)]);
    await run.feed(place);
    writeResults([cell('clip', 0.75)]);
    await run.feed(place);
    writeResults([cell('clip', 0.1)], false, { other: 1 });
    await run.feed(place);
    expect(place.curve('figures/vqa-rad/vqa/accuracy')).toEqual([
      [100, 0.5],
      [100, 0.75],
    ]);
  });
});
