import type { SettingSpecs, SettingsOf } from './settings.js';

/** Info that `@Tracker` attaches to a class. */
export interface TrackerInfo {
  readonly id: string;
  readonly title: string;
  /** Settings of the tracker, under `tracker.<id>` in the configuration. They are kept in the run folder: no secrets. */
  readonly settings: SettingSpecs;
}

/** The run that a tracker shows. */
export interface TrackedRun {
  /** A name that no other run has. It is kept in the run folder and moves with it. */
  readonly id: string;
  /** Name of the run folder. */
  readonly name: string;
  /** The run folder, absolute. */
  readonly folder: string;
  /** The command that repeats the run. */
  readonly command: string;
  readonly backend: string;
  /** The settings, as `results.json` has them. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Title of the study, if the run belongs to one. */
  readonly study?: string;
}

/** A row under a seed, or the general-domain weights: its curves belong together. */
export interface TrackedUnit {
  /**
   * Names the unit within its run: `clip/seed-0`. A row that was trained again with other settings has another name. Its
   * parts, between `/`, are names of files. Those of rows that were trained on generated data end in `-generated`.
   */
  readonly name: string;
  readonly row: string;
  readonly seed: number;
  /** Whether it was trained on generated data. Trackers must show that. */
  readonly generated: boolean;
}

/** The value of a curve at a step, or a figure of the table at the last step. */
export interface TrackedPoint {
  /**
   * Name of the curve: `training/loss`, `validation/loss`, `figures/vqa-rad/vqa/accuracy`. Figures on generated data begin
   * with `figures on generated data/`.
   */
  readonly curve: string;
  readonly step: number;
  /** When it was logged or measured, in milliseconds since 1970. */
  readonly time: number;
  /** A finite number. */
  readonly value: number;
}

/** The last point of a curve that a tracker has. */
export type LastPoint = Pick<TrackedPoint, 'step' | 'value'>;

/** An image of the report: a plot of figures, without images or texts of the data. */
export interface TrackedPlot {
  /** Name of a file without its ending: `ranks`. */
  readonly name: string;
  readonly title: string;
  /** Whether it shows figures on generated data. The image says so too. */
  readonly generated: boolean;
  /** A complete SVG document. */
  readonly svg: string;
}

/** Everything that a tracker may use. */
export interface TrackerRequest<S extends SettingSpecs = SettingSpecs> {
  readonly run: TrackedRun;
  readonly settings: SettingsOf<S>;
  /** Folder in the run folder for files of the tracker's own, absolute. It need not exist. */
  readonly files: string;
  /** Aborts when the run no longer waits for the tracker: all requests must end. */
  readonly signal: AbortSignal;
}

/** An open tracker. No two calls overlap, and no other process has the tracker of this run open. */
export interface TrackerSession {
  /**
   * Finds out what the tracker has of a unit. It is asked before the first points of a unit are sent, and again after a
   * failure, so that nothing is sent twice. A tracker that cannot tell leaves the method out: what the run folder
   * remembers then counts.
   * @returns a function that gives the last point of a curve, undefined if the tracker has none.
   */
  received?(unit: TrackedUnit): Promise<(curve: string) => LastPoint | undefined>;
  /**
   * Takes points, which are ordered by step within each curve. At most a thousand at once.
   * @throws MedbenchError if they, or some of them, did not arrive.
   */
  send(unit: TrackedUnit, points: readonly TrackedPoint[]): Promise<void>;
  /** Is told that a unit is finished: its figures were sent. It may be told again. @param time as that of points. */
  finished?(unit: TrackedUnit, time: number): Promise<void>;
  /** Takes the plots of the report, when the run has ended. It may be given them again. */
  show?(plots: readonly TrackedPlot[]): Promise<void>;
  close?(): Promise<void>;
}

/**
 * Shows the curves and figures of runs elsewhere. It is fed from the log of the run, so that it neither slows a training
 * nor loses what the run folder has. A tracker that fails is a warning, and the run continues.
 */
export interface Tracker<S extends SettingSpecs = SettingSpecs> {
  /** @throws MedbenchError if the tracker cannot be reached; with the code `usage` if trying again is of no use. */
  open(request: TrackerRequest<S>): Promise<TrackerSession>;
}
