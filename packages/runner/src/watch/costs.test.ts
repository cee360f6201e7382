import { expect, it } from 'vitest';
import { Costs, runSecondsLeft } from './costs.js';
import { thin } from './thin.js';

const clip = { row: 'clip', trains: true, stepsLeft: 100, speed: undefined, tasksLeft: ['vqa', 'probe'] };

it('a unit takes its steps at its own speed, that of other seeds, or the mean, and its tasks at their means', () => {
  const costs = new Costs();
  expect(costs.secondsLeft(clip)).toBeUndefined();
  expect(costs.secondsLeft({ ...clip, speed: 4 })).toBe(25);
  costs.addTraining('slip', 0.5);
  costs.addTraining('coca', 1.5);
  expect(costs.secondsLeft(clip)).toBe(100);
  costs.addTraining('clip', 0.25);
  costs.addTask('vqa', true, 10);
  costs.addTask('vqa', true, 20);
  costs.addTask('retrieval', true, 60);
  // 15 s of vqa, and the mean of all, 30 s, for a task that nobody has measured.
  expect(costs.secondsLeft(clip)).toBe(25 + 15 + 30);
  // Controls train nothing, and none was measured.
  expect(costs.secondsLeft({ ...clip, trains: false, stepsLeft: 0 })).toBe(0);
});

it('a run takes its work divided by the processes, but not less than its longest unit', () => {
  expect(runSecondsLeft([10, 20, 30], 2)).toBe(30);
  expect(runSecondsLeft([30, 30, 30], 2)).toBe(45);
  expect(runSecondsLeft([30, undefined], 2)).toBeUndefined();
  expect(runSecondsLeft([30], 0)).toBeUndefined();
});

it('a thinned curve keeps its first and its last point', () => {
  const points = Array.from({ length: 1001 }, (_, i) => i);
  const kept = thin(points, 400);
  expect(kept.length).toBeLessThanOrEqual(401);
  expect([kept[0], kept.at(-1)]).toEqual([0, 1000]);
  expect(thin([1, 2], 400)).toEqual([1, 2]);
});
