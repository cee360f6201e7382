import type { ResultCell } from '@medbench/core';
import type { RunObserver } from '@medbench/runner';
import { expect, it, vi } from 'vitest';
import { SILENT_OBSERVER } from '../options.js';
import { LaunchedUnits } from './launched.js';
import type { WorkerMessage } from './messages.js';

const cell = (seed: number): ResultCell =>
  ({ method: 'clip', task: 'roco-retrieval', protocol: 'retrieval', seed }) as unknown as ResultCell;
const finished = (cells: readonly ResultCell[], reused: boolean): WorkerMessage => ({
  type: 'event',
  name: 'cellFinished',
  args: [cells, reused],
});

it('reports a cell once, though the process that repeats a unit reads what the dead one had measured', () => {
  const reports: [readonly number[], boolean][] = [];
  const observer: RunObserver = {
    ...SILENT_OBSERVER,
    cellFinished: (cells, reused) => reports.push([cells.map(({ seed }) => seed), reused]),
    warning: vi.fn(),
  };
  const launched = new LaunchedUnits({ observer, signal: new AbortController().signal });
  const [first, second] = [launched.follow(), launched.follow()];
  first.received({ type: 'taken', unit: { row: 'clip', seed: 0 } } satisfies WorkerMessage);
  first.received(finished([cell(0)], false));
  first.ended('SIGKILL');
  expect(observer.warning).toHaveBeenCalledWith('a process of this run ended early (SIGKILL); clip:0 is repeated');
  second.received(finished([cell(0)], true));
  // A run that is resumed reports what it finds, once.
  second.received(finished([cell(1)], true));
  launched.observer.cellFinished([cell(0), cell(1)], true);
  expect(reports).toEqual([
    [[0], false],
    [[1], true],
  ]);
});
