/*
 * A worker process of a run: `worker.js RUN [--unit ID] [--profile]`. It tells its progress to the process that started it,
 * if it has a channel to it. `medbench work` with a channel is one too.
 */
import { parseArgs } from 'node:util';
import { isMedbenchError } from '@medbench/core';
import { ProfileClock, type RunObserver, recordError } from '@medbench/runner';
import { work } from '../work.js';
import type { ForwardedEvent, WorkerMessage } from './messages.js';

let lastSent: Promise<void> = Promise.resolve();
const send = (message: WorkerMessage): void => {
  lastSent = new Promise((resolve) => {
    if (process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });
};

const forward =
  (name: ForwardedEvent) =>
  (...args: readonly unknown[]): void =>
    send({ type: 'event', name, args });

/** Passes all events of the run on to the process that prints them. */
const observer: RunObserver = {
  started: () => {},
  message: forward('message'),
  warning: forward('warning'),
  trainingStarted: forward('trainingStarted'),
  trainingStep: forward('trainingStep'),
  trainingFinished: forward('trainingFinished'),
  evaluationStarted: forward('evaluationStarted'),
  cellFinished: forward('cellFinished'),
};

/** Aborts when the user stops the run. Ends the process if the one that started it has gone. */
function stopSignal(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());
  // Nobody reads the messages any more. The unit is free as soon as the process has ended.
  process.once('disconnect', () => process.exit(1));
  // It may have gone while this module was loaded.
  if (process.connected === false) process.exit(1);
  return abort.signal;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { unit: { type: 'string' }, profile: { type: 'boolean', default: false } },
});
const clock = values.profile ? new ProfileClock() : undefined;
let exitCode = 0;
try {
  const { outcome } = await work(positionals.at(-1)!, {
    unit: values.unit,
    observer,
    signal: stopSignal(),
    clock,
    report: {
      settled: (unit) => send({ type: 'settled', unit }),
      taken: (unit) => send({ type: 'taken', unit }),
      finished: (unit, outcome) => send({ type: 'finished', unit, outcome }),
    },
  });
  if (outcome?.error || Object.keys(outcome?.failures ?? {}).length > 0) exitCode = 1;
  if (clock) send({ type: 'profile', report: clock.report() });
} catch (error) {
  exitCode = isMedbenchError(error) && error.code === 'interrupted' ? 130 : 1;
  send({ type: 'failed', error: recordError(error) });
}
// Messages arrive in order, so the last one is the last to be waited for.
await lastSent;
process.exit(exitCode);
