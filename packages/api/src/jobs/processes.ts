import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { errorMessage } from '@medbench/core';
import {
  Claims,
  GENERAL_DONE,
  type ProfileClock,
  RunLayout,
  type RunObserver,
  restoreError,
  type SkipLog,
  type UnitOutcome,
  unitId,
  type Workers,
} from '@medbench/runner';
import { SILENT_OBSERVER } from '../options.js';
import type { WorkerJob, WorkerMessage } from './messages.js';

/** The built module of a worker process. Node resolves it, also where this module runs from its source. */
const workerModule = (): string => createRequire(import.meta.url).resolve('@medbench/api/worker');

/** A process and the units that it has taken and not finished. */
interface Worker {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly units: Set<string>;
}

/** Where the events and measurements of worker processes go. */
export interface WorkerSinks {
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly clock?: ProfileClock | undefined;
  readonly skipped: () => SkipLog;
}

/**
 * Processes that carry out the units of a run side by side. Each has its own memory; they meet in the run folder only.
 * If one dies, the run carries out its unit itself.
 */
export class WorkerProcesses implements Workers {
  readonly #workers = new Set<Worker>();
  readonly #outcomes = new Map<string, UnitOutcome>();
  /** Units whose process has died. */
  readonly #orphans = new Set<string>();
  readonly #claims: Claims;
  /** Emits `change` when a unit is finished or a process ends. */
  readonly #events = new EventEmitter();
  #failure: Error | undefined;
  #gathering = false;

  constructor(
    private readonly job: WorkerJob,
    private readonly sinks: WorkerSinks,
  ) {
    this.#claims = new Claims(new RunLayout(job.folder).claims);
    this.#claims.reset();
    sinks.signal.addEventListener('abort', this.#interrupt);
  }

  /** Starts a process. */
  start(): void {
    const child = fork(workerModule(), [], {
      serialization: 'advanced',
      stdio: ['ignore', 2, 2, 'ipc'],
      // Solvers, whose figures do not depend on it, would otherwise use all cores.
      env: { ...process.env, MEDBENCH_THREADS: String(this.job.config.threads) },
    });
    const units = new Set<string>();
    // The last messages may arrive after the exit; the channel closes behind them.
    const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
      .then(([[code, signal]]) => (code === 0 ? undefined : (signal ?? `exit code ${code}`)), errorMessage)
      .then((why) => {
        this.#workers.delete(worker);
        if (why !== undefined) this.#abandon(units, why);
        this.#events.emit('change');
      });
    const worker: Worker = { child, ended, units };
    this.#workers.add(worker);
    child.on('message', (message) => this.#receive(worker, message as WorkerMessage));
    // A process that cannot be started, or ends before it reads the job, is handled as every one that ends.
    child.on('error', () => {});
    child.send(this.job, () => {});
  }

  /**
   * An observer for the run that waits for these processes: it hides what their own events have told already.
   */
  get observer(): RunObserver {
    return new Proxy(this.sinks.observer, {
      get: (target, name: keyof RunObserver) =>
        this.#gathering && name !== 'warning' ? SILENT_OBSERVER[name] : target[name],
    });
  }

  async finished(row: string, seed: number): Promise<UnitOutcome | undefined> {
    const id = unitId({ row, seed });
    const outcome = await (this.sinks.clock?.pause(() => this.#wait(id)) ?? this.#wait(id));
    this.#gathering = outcome !== undefined;
    return outcome;
  }

  /** Ends all processes, and waits until they have ended. */
  async stop(): Promise<void> {
    this.sinks.signal.removeEventListener('abort', this.#interrupt);
    this.#interrupt();
    await Promise.all([...this.#workers].map(({ ended }) => ended));
    this.#claims.remove();
  }

  async #wait(id: string): Promise<UnitOutcome | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const outcome = this.#outcomes.get(id);
      if (outcome) return outcome;
      if (this.#workers.size === 0 || this.#orphans.has(id)) return undefined;
      await once(this.#events, 'change');
    }
  }

  /** Leaves the units of a process that has ended to the run. */
  #abandon(units: ReadonlySet<string>, why: string): void {
    // The process may have died while others waited for the general-domain weights: each now makes or finds them.
    this.#claims.take(GENERAL_DONE);
    for (const unit of units) this.#orphans.add(unit);
    if (this.sinks.signal.aborted || this.#failure) return;
    const repeated = units.size > 0 ? `; ${[...units].join('; ')} is repeated` : '';
    this.sinks.observer.warning(`a process of this run ended early (${why})${repeated}`);
  }

  #interrupt = (): void => {
    for (const { child } of this.#workers) child.kill('SIGTERM');
  };

  #receive(worker: Worker, message: WorkerMessage): void {
    const { observer, clock, skipped } = this.sinks;
    switch (message.type) {
      case 'event':
        (observer[message.name] as (...args: readonly unknown[]) => void)(...message.args);
        break;
      case 'taken':
        worker.units.add(unitId(message.unit));
        break;
      case 'finished':
        worker.units.delete(unitId(message.unit));
        this.#outcomes.set(unitId(message.unit), message.outcome);
        this.#events.emit('change');
        break;
      case 'skipped':
        skipped().recorderFor(message.data)(message.what);
        break;
      case 'profile':
        clock?.join(message.report);
        break;
      case 'failed':
        // A process that was told to stop is handled as one that ended early.
        if (message.error.code === 'interrupted') break;
        this.#failure ??= restoreError(message.error);
        this.#events.emit('change');
    }
  }
}
