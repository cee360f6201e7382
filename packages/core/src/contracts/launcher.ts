import type { SettingSpecs, SettingsOf } from './settings.js';

/** Info that `@Launcher` attaches to a class. */
export interface LauncherInfo {
  readonly id: string;
  readonly title: string;
  /** Whether a scheduler carries the units out, so that `launch` returns before they are. Default: no. */
  readonly submits?: boolean;
  /** Settings of the launcher, under `launcher.<id>` in the configuration. They change where a run computes, not what. */
  readonly settings: SettingSpecs;
}

/** A part of a run that one process carries out. */
export interface LaunchUnit {
  /** `general`, `ROW:SEED` or `gather`. */
  readonly id: string;
  /** Ids of the units that must have ended before it, well or not: a failure is shown in the table. */
  readonly needs: readonly string[];
  /** Whether its files are there, so that nothing need be launched. */
  readonly done: boolean;
}

/** A unit that a scheduler has: it waits, or it runs. */
export interface LaunchedUnit {
  readonly unit: string;
  /** Number of the job, as the scheduler's own commands take it. */
  readonly job: string;
  /** The scheduler's words about it, such as `pending (Priority)` or `running on n1`. */
  readonly state: string;
}

/** The room on this machine. */
export interface LaunchRoom {
  /** Rows × seeds: more processes find no work. */
  readonly units: number;
  /** Processes for which the cores suffice. */
  readonly cores: number;
  /** Estimates for how many processes the free memory suffices. It takes seconds. */
  memory(): Promise<number>;
  /** Accelerators that this machine has, and how many one process takes. Absent if the backend computes on the CPU. */
  readonly devices?: { readonly present: number; readonly each: number };
}

/** A process of a run that has a channel to the process that started it (`stdio: 'ipc'`, advanced serialization). */
export interface LaunchedProcess {
  /** Takes a message that the process has sent. */
  received(message: unknown): void;
  /** Says that the process has ended. @param why signal or exit code, if it ended early. */
  ended(why?: string): void;
}

/** Receives what happens while units are carried out. */
export interface LaunchObserver {
  message(text: string): void;
  warning(text: string): void;
  /** Follows a process from its start, so that the run shows its progress. */
  follow(): LaunchedProcess;
}

/** Everything that a launcher may use. */
export interface LaunchRequest<S extends SettingSpecs = SettingSpecs> {
  /** Lists all units, in an order in which they can be carried out. */
  readonly units: () => Promise<readonly LaunchUnit[]>;
  readonly settings: SettingsOf<S>;
  /**
   * Returns the command line that carries out a unit, or whatever is left. Its paths are absolute. Any machine that sees
   * the run folder, the data and `cwd` under the same paths can run it, any number of times: a unit that is done is not
   * done again, and one that another process holds is waited for. SIGTERM makes it write a checkpoint and exit with 130.
   * Exit code 1 says that the unit failed, which the run folder then records.
   */
  readonly command: (unit?: string) => readonly string[];
  /** The run folder, absolute. */
  readonly folder: string;
  /** Folder in it for files of the launcher's own, which later launches find again. Absolute; it need not exist. */
  readonly files: string;
  /** Folder to run the commands in, absolute. */
  readonly cwd: string;
  /** Environment variables that the commands need in addition. */
  readonly env: Readonly<Record<string, string>>;
  /** Number of processes that the user asks for. */
  readonly jobs?: number;
  readonly room: LaunchRoom;
  readonly observer: LaunchObserver;
  /** Aborts when the user stops the run, or it ends: processes on this machine must then be stopped. */
  readonly signal: AbortSignal;
}

/** How a launch ended. */
export type LaunchOutcome =
  /** All processes have ended. The run carries out what they have left, and writes the table. */
  | { readonly state: 'ended' }
  /** A scheduler has all units, `gather` among them. The run ends here. `description` says how to follow them. */
  | { readonly state: 'submitted'; readonly description: string };

/**
 * Decides where the units of a run are carried out. The processes share nothing but the run folder; each unit has a lock
 * there, so a launcher may start too many of them, start them twice, or lose some.
 *
 * One that submits (`submits: true`) hands all units to a scheduler and keeps the numbers of the jobs in `files`. The last
 * three methods are for such launchers. `@medbench/launchers-slurm` is one.
 */
export interface Launcher<S extends SettingSpecs = SettingSpecs> {
  /** @throws MedbenchError if nothing can be launched; the units are then left as they are. */
  launch(request: LaunchRequest<S>): Promise<LaunchOutcome>;
  /** Returns what `launch` would hand to the scheduler, for people to read. Writes nothing and asks nobody. */
  preview?(request: LaunchRequest<S>): Promise<string>;
  /**
   * Lists the units of a run that the scheduler has.
   * @param files folder of the launcher's own files in the run folder.
   * @throws MedbenchError('store') if the scheduler cannot be asked.
   */
  jobs?(files: string): Promise<readonly LaunchedUnit[]>;
  /**
   * Ends the jobs of a run, those that wait and those that run. They leave a checkpoint if the scheduler lets them.
   * @returns the units whose jobs were ended.
   * @throws MedbenchError('store') if the scheduler cannot be asked, or refuses.
   */
  cancel?(files: string): Promise<readonly LaunchedUnit[]>;
}
