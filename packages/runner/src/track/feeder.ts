import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, isMedbenchError, type TrackedPlot } from '@medbench/core';
import { type ChosenTracker, type FeedSource, TrackerFeed } from './feed.js';

/** Milliseconds between two passes, and most milliseconds between two tries after failures. */
const INTERVAL = 5000;
const LONGEST_INTERVAL = 60_000;
/** Milliseconds for which the end of a run waits for a tracker that takes nothing. */
const PATIENCE = 5000;
/** Milliseconds between two looks at the other process that feeds a tracker, and how often it is looked at. */
const LOOK = 250;
const LOOKS = 4;

/** Receives what the user is told. */
export interface FeederObserver {
  message(text: string): void;
  warning(text: string): void;
}

export interface FeederOptions {
  /** Milliseconds between two passes. Default: five seconds. */
  readonly interval?: number | undefined;
  /** Milliseconds for which the end waits for a tracker that takes nothing. Default: five seconds. */
  readonly patience?: number | undefined;
}

/** The values that a tracker did not get. */
export interface Undelivered {
  readonly tracker: string;
  /** Number of values that are missing there. */
  readonly points: number;
  /** Why, as one line. */
  readonly why: string;
}

/** Describes an error with its hint. */
const describe = (error: unknown): string =>
  isMedbenchError(error) && error.hint !== undefined ? `${error.message}. ${error.hint}` : errorMessage(error);

/** One tracker in the course of a run: it is fed again and again, and its failures harm nothing. */
class FedTracker {
  readonly #abort = new AbortController();
  readonly #feed: TrackerFeed;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #failures = 0;
  #hopeless = false;
  #ending = false;
  #why: string | undefined;
  #toldHolder = false;
  #progressAt = performance.now();

  constructor(
    readonly id: string,
    source: FeedSource,
    tracker: ChosenTracker,
    private readonly observer: FeederObserver,
    private readonly options: { readonly interval: number; readonly patience: number },
  ) {
    this.#feed = new TrackerFeed(source, tracker);
  }

  start(): void {
    this.#schedule(0);
  }

  /** Feeds the tracker with what is left. It does not wait for long if the tracker takes nothing. */
  async finish(plots: () => Promise<readonly TrackedPlot[]>): Promise<Undelivered | undefined> {
    this.#ending = true;
    clearTimeout(this.#timer);
    this.#progressAt = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - this.#progressAt > this.options.patience) this.#abort.abort();
    }, 50);
    try {
      await this.#pass;
      if (!this.#hopeless) await this.#run(() => this.#last(plots));
      if (this.#why === undefined) return undefined;
      return { tracker: this.id, points: await this.#feed.undelivered().catch(() => 0), why: this.#why };
    } finally {
      clearInterval(watch);
      await this.#untilAborted(this.#feed.close()).catch(() => {});
    }
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#pass = this.#run(() => this.#once()).then(() => {
        this.#pass = undefined;
        if (this.#hopeless || this.#ending) return;
        this.#schedule(Math.min(this.options.interval * 2 ** this.#failures, LONGEST_INTERVAL));
      });
    }, ms);
    // A run that has ended does not wait for the next pass.
    this.#timer.unref();
  }

  async #once(): Promise<boolean> {
    const state = await this.#feed.pass(this.#abort.signal, () => this.#progressed());
    if (state.state === 'held' && !this.#toldHolder) {
      this.#toldHolder = true;
      this.observer.message(`tracker ${this.id}: ${state.by} feeds it`);
    }
    return state.state === 'fed';
  }

  /**
   * The last pass. A process that feeds the tracker beside this one has a moment to end; one that does not, follows the run and
   * sends what is left.
   */
  async #last(plots: () => Promise<readonly TrackedPlot[]>): Promise<void> {
    for (let looks = 1; !(await this.#once()); looks++) {
      if (looks === LOOKS) return;
      await delay(LOOK);
    }
    await this.#feed.show(plots);
  }

  #progressed(): void {
    this.#progressAt = performance.now();
  }

  /** Carries something out, and turns its failure into one warning. */
  async #run(work: () => Promise<unknown>): Promise<void> {
    try {
      await this.#untilAborted(work());
      this.#failures = 0;
      this.#why = undefined;
    } catch (error) {
      const first = this.#why === undefined && this.#failures === 0;
      this.#failures++;
      this.#why = describe(error).replace(/\s*\n\s*/g, ' ');
      this.#hopeless = isMedbenchError(error) && error.code === 'usage';
      const again = this.#hopeless || this.#ending ? '' : ', and is tried again';
      if (first) this.observer.warning(`tracker ${this.id} failed${again}: ${this.#why}`);
    }
  }

  /** Waits for a promise, but not for a plugin that does not end when it should. */
  async #untilAborted<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#abort;
    let stop = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(new Error(`It took nothing for ${this.options.patience / 1000} s`));
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
      promise.catch(() => {});
    }
  }
}

/** Feeds the trackers of a run while it works, and once when it ends. Nothing of it throws. */
export class Feeder {
  readonly #trackers: readonly FedTracker[];

  constructor(
    source: FeedSource,
    trackers: readonly ChosenTracker[],
    observer: FeederObserver,
    { interval = INTERVAL, patience = PATIENCE }: FeederOptions = {},
  ) {
    this.#trackers = trackers.map(
      (tracker) => new FedTracker(tracker.id, source, tracker, observer, { interval, patience }),
    );
  }

  start(): void {
    for (const tracker of this.#trackers) tracker.start();
  }

  /**
   * Sends what is left, and closes the trackers.
   * @param plots makes the plots of the report; none while the run has not ended.
   * @returns what was not delivered.
   */
  async finish(plots: () => Promise<readonly TrackedPlot[]> = async () => []): Promise<Undelivered[]> {
    const left = await Promise.all(this.#trackers.map((tracker) => tracker.finish(plots)));
    return left.filter((one) => one !== undefined);
  }
}
