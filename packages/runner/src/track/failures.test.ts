import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type AnyTracker, Lock, MedbenchError } from '@medbench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { begins, expected, Place, steps, TrackedFolder } from '../../test/tracked.js';
import type { RunLayout } from '../store/layout.js';

let run: TrackedFolder;
let layout: RunLayout;
beforeEach(() => {
  run = new TrackedFolder();
  layout = run.layout;
});
afterEach(() => run.remove());

describe('a tracker that fails', () => {
  it('warns once, is tried again, and then has everything', async () => {
    const place = new Place();
    let failures = 3;
    place.fault = () => {
      if (failures-- > 0) throw new MedbenchError('store', 'No room', { hint: 'Make some.' });
    };
    writeFileSync(layout.log, begins(0) + steps(1, 0, 50));
    const feeder = run.feeder(place);
    feeder.start();
    while (place.points.length === 0) await delay(5);
    expect(await feeder.finish()).toEqual([]);
    expect(run.told).toEqual(['warning tracker place failed, and is tried again: No room. Make some.']);
    expect(place.curve('training/loss')).toEqual(expected(50));
  });

  it('says at the end what it did not get', async () => {
    const place = new Place();
    writeFileSync(layout.log, begins(0) + steps(1, 0, 20));
    await run.feed(place);
    place.fault = () => Promise.reject(new Error('gone'));
    appendFileSync(layout.log, steps(3, 20, 50));
    expect(await run.feed(place)).toEqual([{ tracker: 'place', points: 9, why: 'gone' }]);
  });

  it('for good is not tried again', async () => {
    let opened = 0;
    const refusing: AnyTracker = {
      open: async () => {
        opened++;
        throw new MedbenchError('usage', 'No address');
      },
    };
    writeFileSync(layout.log, begins(0) + steps(1, 0, 20));
    const feeder = run.feeder(refusing);
    feeder.start();
    await delay(80);
    expect(await feeder.finish()).toEqual([{ tracker: 'place', points: 6, why: 'No address' }]);
    expect([opened, run.told.length]).toEqual([1, 1]);
  });

  it('by taking nothing does not hold up the end of the run', async () => {
    const place = new Place();
    place.fault = () => new Promise(() => {});
    writeFileSync(layout.log, begins(0) + steps(1, 0, 20));
    const began = performance.now();
    expect(await run.feeder(place, { patience: 200 }).finish()).toEqual([
      { tracker: 'place', points: 6, why: 'It took nothing for 0.2 s' },
    ]);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

it('one process feeds a tracker', async () => {
  const place = new Place();
  writeFileSync(layout.log, begins(0) + steps(1, 0, 20));
  const lock = new Lock(layout.lockOfTracker('place')).take();
  if (!('release' in lock)) throw new Error('The lock is not free');
  const feeder = run.feeder(place);
  feeder.start();
  await delay(50);
  expect([place.opened, run.told]).toEqual([0, [expect.stringMatching(/^tracker place: process \d+ on .* feeds it$/)]]);
  lock.release();
  await feeder.finish();
  expect(place.curve('training/loss')).toEqual(expected(20));
});
