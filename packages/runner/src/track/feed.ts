import {
  type AnyTracker,
  describeHolder,
  type FolderLock,
  Lock,
  type SettingSpecs,
  type SettingsOf,
  type TrackedPlot,
  type TrackedPoint,
  type TrackedRun,
  type TrackedUnit,
  type TrackerSession,
} from '@medbench/core';
import type { RunFile } from '../results.js';
import { GENERAL, type RunLayout } from '../store/layout.js';
import { CurveLog, trackedName } from './curve-log.js';
import { Figures, type MeasuredUnit } from './figures.js';
import { Memory } from './memory.js';

/** Most points that a tracker is given at once. */
const MOST_POINTS = 1000;

/** Everything that feeding a tracker takes. */
export interface FeedSource {
  readonly layout: RunLayout;
  readonly file: RunFile;
  readonly run: TrackedRun;
}

/** A tracker, and its settings. */
export interface ChosenTracker {
  readonly id: string;
  readonly settings: SettingsOf<SettingSpecs>;
  readonly load: () => Promise<AnyTracker>;
}

/** A unit, with points that the tracker may have already. */
interface Offer {
  readonly unit: TrackedUnit;
  readonly points: readonly TrackedPoint[];
  readonly final: boolean;
}

/** The outcome of a pass. */
export type FeedState =
  | { readonly state: 'fed' }
  /** Another process feeds the tracker. */
  | { readonly state: 'held'; readonly by: string };

/**
 * Feeds one tracker from the logs and the table of a run. A failure leaves nothing behind: the next pass begins as the first
 * one of another process would, with what the tracker says that it has.
 */
export class TrackerFeed {
  readonly #lock: Lock;
  readonly #memory: Memory;
  #held: FolderLock | undefined;
  #session: TrackerSession | undefined;
  #log = new CurveLog();
  #figures = new Figures();
  /** Units of which the tracker was asked what it has. */
  #asked = new Set<string>();
  #finished = new Set<string>();
  /** Whether the table holds all figures. */
  #ended = false;

  constructor(
    private readonly source: FeedSource,
    private readonly tracker: ChosenTracker,
  ) {
    this.#lock = new Lock(source.layout.lockOfTracker(tracker.id), { doing: `track ${tracker.id}` });
    this.#memory = new Memory(source.layout.received(tracker.id));
  }

  /**
   * Sends what has come since the last time.
   * @param progress is told of each answer of the tracker, so that its silence is noticed.
   * @throws the error of the tracker.
   */
  async pass(signal: AbortSignal, progress: () => void): Promise<FeedState> {
    const taken = this.#held?.isHeld() ? this.#held : this.#lock.take();
    if (!('release' in taken)) return { state: 'held', by: describeHolder(taken.holder) };
    this.#held = taken;
    try {
      this.#session ??= await this.#open(signal);
      progress();
      const offers = await this.#read();
      progress();
      for (const offer of offers) await this.#send(this.#session, offer, progress);
      return { state: 'fed' };
    } catch (error) {
      await this.#forget();
      throw error;
    }
  }

  /** Gives the tracker the plots of the report, if the run has ended and it shows any. @throws the error of the tracker. */
  async show(plots: () => Promise<readonly TrackedPlot[]>): Promise<void> {
    if (!this.#ended || !this.#session?.show) return;
    const made = await plots();
    if (made.length > 0) await this.#session.show(made);
  }

  /** Counts the points that the tracker does not have, as far as the run folder remembers. */
  async undelivered(): Promise<number> {
    this.#log = new CurveLog();
    this.#figures = new Figures();
    const offers = await this.#read();
    return offers.reduce((sum, { unit, points }) => sum + this.#memory.select(unit.name, points).length, 0);
  }

  async close(): Promise<void> {
    await this.#session?.close?.().catch(() => {});
    this.#session = undefined;
    this.#held?.release();
    this.#held = undefined;
  }

  async #open(signal: AbortSignal): Promise<TrackerSession> {
    const { run, layout } = this.source;
    const { id, settings, load } = this.tracker;
    return (await load()).open({ run, settings, files: layout.tracker(id), signal });
  }

  async #forget(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#log = new CurveLog();
    this.#figures = new Figures();
    this.#asked = new Set();
    this.#finished = new Set();
    await session?.close?.().catch(() => {});
  }

  /** Reads what is new of each unit: its curves, and all figures that are known. */
  async #read(): Promise<Offer[]> {
    const { layout, file } = this.source;
    await this.#log.read(layout.logs());
    const figures = this.#figures.read(layout, file);
    this.#ended = figures.some(({ final }) => final);
    const left = new Map(figures.map((unit) => [JSON.stringify([unit.row, unit.seed]), unit]));
    const offers = this.#log.take().map(({ id, points, ...named }): Offer => {
      const key = JSON.stringify([named.row, named.seed]);
      const measured = id === GENERAL ? undefined : left.get(key);
      if (measured) left.delete(key);
      const generated = this.#isGenerated(id === GENERAL);
      const name = generated ? `${named.name}-generated` : named.name;
      const all = [...points, ...(measured?.points ?? [])];
      return { unit: { ...named, name, generated }, points: all, final: measured?.final ?? false };
    });
    return [...offers, ...[...left.values()].map(untrained)];
  }

  #isGenerated(general: boolean): boolean {
    const { config, table } = this.source.file;
    const corpora = general ? [config.general.corpus] : (table?.corpora ?? config.corpora);
    return config.synthetic || this.#log.isGenerated(corpora);
  }

  async #send(session: TrackerSession, { unit, points, final }: Offer, progress: () => void): Promise<void> {
    if (points.length === 0) return;
    if (session.received && !this.#asked.has(unit.name)) {
      this.#memory.correct(
        unit.name,
        points.map(({ curve }) => curve),
        await session.received(unit),
      );
      this.#asked.add(unit.name);
      progress();
    }
    const wanted = this.#memory.select(unit.name, points);
    for (let from = 0; from < wanted.length; from += MOST_POINTS) {
      const batch = wanted.slice(from, from + MOST_POINTS);
      await session.send(unit, batch);
      this.#memory.add(unit.name, batch);
      // Where the tracker can tell what it has, the file matters less.
      if (!session.received || from + MOST_POINTS >= wanted.length) await this.#memory.save();
      progress();
    }
    if (!final || this.#finished.has(unit.name)) return;
    await session.finished?.(unit, points.at(-1)!.time);
    this.#finished.add(unit.name);
  }
}

/** The offer of a row that trains nothing in this run: only its figures are known. */
const untrained = ({ row, seed, points, final }: MeasuredUnit): Offer => ({
  unit: { name: trackedName(row, seed), row, seed, generated: false },
  ...{ points, final },
});
