import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import type { LaunchedProcess, LaunchObserver, LaunchOutcome } from '@medbench/core';
import {
  type ProfileClock,
  type RunObserver,
  restoreError,
  type UnitOutcome,
  unitId,
  type Workers,
} from '@medbench/runner';
import { hideWhile } from '../options.js';
import type { WorkerMessage } from './messages.js';

/** The built module of a worker process. Node resolves it, also where this module runs from its source. */
export const workerModule = (): string => createRequire(import.meta.url).resolve('@medbench/api/worker');

/** Where the events and measurements of launched processes go. */
export interface LaunchSinks {
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly clock?: ProfileClock | undefined;
}

/**
 * Hides cells that are reported again because they are read again: a process that died after it had measured and
 * reported them leaves its unit to another.
 */
function reportCellsOnce(observer: RunObserver): RunObserver {
  const reported = new Set<string>();
  const cellFinished: RunObserver['cellFinished'] = (cells, reused) => {
    const fresh = cells.filter(({ method, task, protocol, seed }) => {
      const cell = JSON.stringify([method, task, protocol, seed]);
      const repeated = reused && reported.has(cell);
      reported.add(cell);
      return !repeated;
    });
    if (fresh.length > 0) observer.cellFinished(fresh, reused);
  };
  return new Proxy(observer, {
    get: (target, name: keyof RunObserver) => (name === 'cellFinished' ? cellFinished : target[name]),
  });
}

/**
 * The units that a launcher has carried out beside the run. The run waits for each; units of processes that died, and
 * those that nobody has taken, it carries out itself.
 */
export class LaunchedUnits implements Workers, LaunchObserver {
  readonly #outcomes = new Map<string, UnitOutcome>();
  /** Units whose process has died, and those that were done or had failed before. */
  readonly #left = new Set<string>();
  /** Emits `change` when a unit is finished, a process ends, or the launch does. */
  readonly #events = new EventEmitter();
  readonly #stop = new AbortController();
  #launch: Promise<LaunchOutcome> | undefined;
  #ended = true;
  /** Processes that work at present. */
  #processes = 0;
  #failure: Error | undefined;
  #gathering = false;
  private readonly sinks: LaunchSinks;

  constructor(sinks: LaunchSinks) {
    this.sinks = { ...sinks, observer: reportCellsOnce(sinks.observer) };
  }

  /** Aborts when the user stops the run, or the run ends. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, this.sinks.signal]);
  }

  /** Starts a launch. Its failure is thrown where the run waits for it. */
  start(launch: () => Promise<LaunchOutcome>): Promise<LaunchOutcome> {
    this.#ended = false;
    this.#launch = launch();
    void this.#launch
      .catch((error: Error) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#ended = true;
        this.#events.emit('change');
      });
    return this.#launch;
  }

  /** Ends all processes, and waits until they have ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#launch?.catch(() => {});
  }

  /**
   * An observer for the run that waits for these processes: it hides what their own events have told already.
   */
  get observer(): RunObserver {
    return hideWhile(this.sinks.observer, () => this.#gathering);
  }

  message(text: string): void {
    this.sinks.observer.message(text);
  }

  warning(text: string): void {
    this.sinks.observer.warning(text);
  }

  follow(): LaunchedProcess {
    const units = new Set<string>();
    this.#processes++;
    this.#events.emit('change');
    return {
      received: (message) => this.#receive(units, message as WorkerMessage),
      ended: (why) => {
        this.#processes--;
        if (why !== undefined) this.#abandon(units, why);
        this.#events.emit('change');
      },
    };
  }

  async finished(row: string, seed: number): Promise<UnitOutcome | undefined> {
    const outcome = await this.#wait(unitId({ row, seed }));
    this.#gathering = outcome !== undefined;
    return outcome;
  }

  async #wait(id: string): Promise<UnitOutcome | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const outcome = this.#outcomes.get(id);
      if (outcome) return outcome;
      if (this.#ended || this.#left.has(id)) return undefined;
      await this.#change();
    }
  }

  /** Waits for an event. While other processes work, whose profiles are joined, that time is not of this process. */
  #change(): Promise<unknown> {
    const change = (): Promise<unknown> => once(this.#events, 'change');
    const { clock } = this.sinks;
    return clock && this.#processes > 0 ? clock.pause(change) : change();
  }

  /** Leaves the units of a process that has ended to the run, unless another process is faster. */
  #abandon(units: ReadonlySet<string>, why: string): void {
    for (const unit of units) this.#left.add(unit);
    if (this.signal.aborted || this.#failure) return;
    const repeated = units.size > 0 ? `; ${[...units].join('; ')} is repeated` : '';
    this.warning(`a process of this run ended early (${why})${repeated}`);
  }

  #receive(units: Set<string>, message: WorkerMessage): void {
    const { observer, clock } = this.sinks;
    switch (message.type) {
      case 'event':
        (observer[message.name] as (...args: readonly unknown[]) => void)(...message.args);
        break;
      case 'taken':
        units.add(unitId(message.unit));
        break;
      case 'finished':
        units.delete(unitId(message.unit));
        this.#outcomes.set(unitId(message.unit), message.outcome);
        this.#events.emit('change');
        break;
      case 'settled':
        this.#left.add(unitId(message.unit));
        this.#events.emit('change');
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
