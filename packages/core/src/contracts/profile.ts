/** A phase of a run. Time spent in a phase nested within another counts for the inner phase only. */
export type ProfilePhase =
  | 'start-up'
  | 'phantoms'
  /** Opening corpora and tasks, computing fingerprints, reading images for the leak search. */
  | 'opening data'
  | 'leak search'
  /** Time that a training step waits for its batch, because earlier steps did not hide all the work of making it. */
  | 'waiting for batches'
  /** Loading a program; on a compiling backend, recording and compiling it. */
  | 'compiling'
  /** The first call of a program, including its self-check if there is one. */
  | 'first step, self-check'
  | 'step'
  | 'checkpoints'
  | 'validation'
  /** Reading, decoding and resizing the images to embed. */
  | 'reading images'
  | 'embedding'
  /** A protocol, by its id. */
  | (string & {})
  /** Computing confidence intervals and comparing rows. */
  | 'statistics'
  /** Making small images of test examples for reports. */
  | 'galleries'
  | 'report'
  | 'other';

/** Measures the time that a run spends in each phase. */
export interface Profile {
  /** Runs `work` as part of a phase and returns its result. A promise counts until it settles. */
  span<T>(phase: ProfilePhase, work: () => T): T;
  /** Runs `work` for a row of the table and returns its result. */
  row<T>(row: string, work: () => T): T;
  /** Adds time, in milliseconds, that another thread spent in parallel. */
  beside(work: 'making batches', ms: number): void;
}

/** The contents of `profile.json`. */
export interface ProfileReport {
  readonly schemaVersion: 1;
  /** Wall time since the process of the command started. */
  readonly seconds: number;
  /** Phases, longest first. Their seconds add up to the wall time, or to the sum over processes with several jobs. */
  readonly phases: readonly {
    readonly phase: ProfilePhase;
    readonly seconds: number;
    /** CPU time of all threads of the process. Much less than `seconds` times the number of threads means waiting. */
    readonly cpuSeconds: number;
    readonly share: number;
    readonly count: number;
  }[];
  /** Phases by row of the table, in the order in which rows were run. Work that belongs to no row is in `(run)`. */
  readonly rows: readonly {
    readonly row: string;
    readonly seconds: number;
    readonly phases: Readonly<Partial<Record<ProfilePhase, number>>>;
  }[];
  /** Seconds on other threads, which overlap with the phases. */
  readonly beside: Readonly<Record<string, number>>;
}
