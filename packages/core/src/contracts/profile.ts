/** What the time of a run goes into. What is under way within another phase counts for itself alone. */
export type ProfilePhase =
  | 'start-up'
  | 'phantoms'
  /** Corpora, tasks and fingerprints; images of the leak search. */
  | 'opening data'
  | 'leak search'
  /** What a training step waits for: the part of making batches that its predecessors did not hide. */
  | 'waiting for batches'
  /** Loading a program: on a compiling backend, tracing and compiling. */
  | 'compiling'
  /** The first call of a program, with its comparison with the eager reference where there is one. */
  | 'first step, self-check'
  | 'step'
  | 'checkpoints'
  | 'validation'
  /** Reading, decoding and shrinking the images that are embedded. */
  | 'reading images'
  | 'embedding'
  /** A protocol, by its id. */
  | (string & {})
  /** Intervals, and the comparison of rows. */
  | 'statistics'
  /** Small images of test examples, for reports. */
  | 'galleries'
  | 'report'
  | 'other';

/** Hears what a run spends its time on. */
export interface Profile {
  /** Does work as part of a phase. Returns what the work returns; a promise counts until it settles. */
  span<T>(phase: ProfilePhase, work: () => T): T;
  /** Does work for a row of the table. */
  row<T>(row: string, work: () => T): T;
  /** Notes time that passed on another thread, beside everything else. */
  beside(what: 'making batches', ms: number): void;
}

/** A profile as `profile.json` has it. */
export interface ProfileReport {
  readonly schemaVersion: 1;
  /** Wall time since the process began. */
  readonly seconds: number;
  /** Longest first; their seconds add up to the wall time. */
  readonly phases: readonly {
    readonly phase: ProfilePhase;
    readonly seconds: number;
    /** CPU time of the process in them, all threads together: much less than `seconds` times the threads is waiting. */
    readonly cpuSeconds: number;
    readonly share: number;
    readonly count: number;
  }[];
  /** The same by row of the table, in the order in which they came; what belongs to no row is `(run)`. */
  readonly rows: readonly {
    readonly row: string;
    readonly seconds: number;
    readonly phases: Readonly<Partial<Record<ProfilePhase, number>>>;
  }[];
  /** Seconds on other threads, which overlap with the phases. */
  readonly beside: Readonly<Record<string, number>>;
}
