/* A worker process of a run: `WorkerProcesses` starts it and sends it one `WorkerJob`. */
import {
  composePlugins,
  composeRun,
  makePlan,
  ProfileClock,
  type RunObserver,
  RunStore,
  recordError,
  Services,
  type SkipLog,
  Work,
} from '@medbench/runner';
import { cacheFolder, discoverPlugins } from '../workspace.js';
import type { ForwardedEvent, WorkerJob, WorkerMessage } from './messages.js';

let lastSent: Promise<void> = Promise.resolve();
const send = (message: WorkerMessage): void => {
  lastSent = new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()));
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

/** Passes skipped examples on: the process that writes the table lists those of all workers. */
const skipLog: SkipLog = {
  recorderFor: (data) => (what) => send({ type: 'skipped', data, what }),
  flush: () => {},
};

/** Aborts when the user stops the run. Ends the process if the one that started it has gone. */
function stopSignal(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());
  // Nobody reads the messages any more, and the lock of the run folder has no owner.
  process.once('disconnect', () => process.exit(1));
  return abort.signal;
}

async function work(job: WorkerJob, signal: AbortSignal): Promise<void> {
  const { cwd, plugins, config, folder, dataRoot, backend: id } = job;
  const catalogue = await discoverPlugins(cwd, plugins);
  const plan = makePlan(config, catalogue);
  const store = RunStore.join(folder, observer.warning);
  const logger = {
    info: observer.message,
    warn: observer.warning,
    event: (entry: Readonly<Record<string, unknown>>) => store.log(entry),
  };
  const clock = job.profile ? new ProfileClock() : undefined;
  const services = { catalogue, cacheRoot: cacheFolder(cwd), logger, profile: clock, seed: config.seeds[0]! };
  const { registry, container } = composePlugins(services);
  const backend = { id, backend: await registry.get('backend', id) };
  clock?.started();
  await composeRun(container, { plan, store, observer, backend, dataRoot, signal, cwd });
  container.rebind(Services.SkipLog.id).toConstantValue(skipLog);
  await container.get(Work).execute({
    taken: (unit) => send({ type: 'taken', unit }),
    finished: (unit, outcome) => send({ type: 'finished', unit, outcome }),
  });
  if (clock) send({ type: 'profile', report: clock.report() });
}

process.once('message', async (job: WorkerJob) => {
  let exitCode = 0;
  try {
    await work(job, stopSignal());
  } catch (error) {
    exitCode = 1;
    send({ type: 'failed', error: recordError(error) });
  }
  // Messages arrive in order, so the last one is the last to be waited for.
  await lastSent;
  process.exit(exitCode);
});
