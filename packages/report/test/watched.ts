import type { WatchedRun } from '@medbench/runner/watch';
import { sampleResults } from './sample.js';

/** A run at work, made of the sample: the figures of the second method are not there yet, and its training is. */
export function sampleWatchedRun(changes: Partial<WatchedRun> = {}): WatchedRun {
  const { methods, tasks, protocols = [], cells } = sampleResults();
  const columns = [
    ...new Map(cells.map(({ task, protocol, metric }) => [`${task} ${protocol}`, { task, protocol, metric }])).values(),
  ];
  const measured = cells.filter(({ method }) => method !== methods[1]!.id);
  const none = { planned: 5, done: 0, unchecked: 0 };
  return {
    schemaVersion: 1,
    ...{ folder: '/runs/sample', time: '2026-01-01T00:00:00.000Z', state: 'running', command: 'medbench run' },
    ...{ backend: 'compiled', preset: 'demo', seeds: [0], synthetic: true, launchers: [], unknown: [] },
    units: [
      { ...{ id: 'clip:0', row: 'clip', seed: 0, state: 'done', step: 40, steps: 40 }, tasks: { ...none, done: 5 } },
      {
        ...{ id: 'clip-scratch:0', row: 'clip-scratch', seed: 0, state: 'working', step: 21, steps: 40, tasks: none },
        ...{ pairsPerSecond: 312.4, host: 'node-1', pid: 7, silent: 95, secondsLeft: 260 },
      },
      { id: 'clip-partial:0', row: 'clip-partial', seed: 0, state: 'failed', tasks: none, host: 'node-2' },
      { id: 'gather', state: 'waiting', tasks: { planned: 0, done: 0, unchecked: 0 } },
    ],
    curves: [
      {
        ...{ id: 'clip:0', row: 'clip', seed: 0, steps: 40, synthetic: true },
        loss: [0, 10, 20, 30, 39].map((step) => ({ step, loss: 3 - step / 20 })),
        validation: [20, 40].map((step) => ({ step, loss: 2.5 - step / 40 })),
      },
      {
        ...{ id: 'clip-scratch:0', row: 'clip-scratch', seed: 0, steps: 40, synthetic: true },
        loss: [0, 10, 20].map((step) => ({ step, loss: 4 - step / 10 })),
        validation: [],
      },
    ],
    table: {
      rows: methods.map((method) => ({
        ...method,
        protocols: method.control ? ['zero-shot'] : columns.map(({ protocol }) => protocol),
      })),
      ...{ tasks, protocols, columns, cells: measured },
    },
    failures: [{ unit: 'clip-partial:0', task: 'vqa-rad', why: 'No such file', host: 'node-2' }],
    progress: {
      units: { settled: 2, all: 4 },
      cells: { done: 20, failed: 1, planned: 40 },
      left: { seconds: 260, how: 'by the clock' },
    },
    ...changes,
  };
}
