/*
 * A lock is a folder of files, one for each generation: `1`, `2`, … The highest says who holds the lock, or that it is
 * free. A process takes it by writing its record to a draft and linking the draft to the next generation, which only one
 * process can do, on NFS too. To release it, the holder links a record that says "free" to the generation after its own.
 * Whoever takes a lock over does the same, so the former holder sees a higher generation before it writes.
 *
 * Nothing depends on the clocks of two machines. The holder counts in a file of its own (`3.beat`), and whoever waits
 * measures with its own clock how long the count has not changed.
 */

/** Generations that are kept below the highest. Nobody reads them; they show who held the lock. */
const KEPT = 8;
/** Tries to take a lock that others keep taking first. */
const ATTEMPTS = 100;
/** File of the versions before generations: the owner, in the same folder. */
const OLD_OWNER = 'owner.json';

/**
 * A procedure on the files of a lock. It yields before each operation, so that a simulation can stop one process there
 * and let others run. `finish` runs it at once.
 */
export type Steps<T> = Generator<undefined, T>;

/** Runs a procedure without a pause. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The operations on the folder of a lock. Each either happens completely or not at all. */
export interface LockFiles {
  /** Names of all files; empty if there is no folder. */
  list(): readonly string[];
  /** Content of a file; undefined if there is none. */
  read(name: string): string | undefined;
  /** Writes a file whose name nobody else uses. */
  write(name: string, text: string): void;
  /** Gives a file a second name. @returns false if the name is taken, or the file is not there. */
  link(from: string, to: string): boolean;
  /** Removes a file if it is there. */
  remove(name: string): void;
  /** When a file was last written, as a text that changes with it; '' if there is none. */
  stamp(name: string): string;
}

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process in clock ticks since boot, '' if unknown. It detects a reused process id. */
  readonly started: string;
  /**
   * Where the process id counts: this start of this machine, and the PID namespace. Containers may share a host name,
   * and a folder may be copied to a machine of the same name, but neither shares this. '' if unknown.
   */
  readonly place?: string;
  /** Its task under the lock. */
  readonly doing?: string;
  /** When it took the lock, by its own clock, for people to read. */
  readonly since?: string;
}

/** The content of the file of a generation. Absent `free`: the lock is held. */
interface LockRecord extends LockHolder {
  readonly token: string;
  readonly free?: true;
}

/** A process's knowledge of itself and of others, as far as locks need it. */
export interface LockProcess {
  /** The record of this process for what it is about to do. */
  readonly holder: () => LockHolder;
  /** A text that no other process uses. */
  readonly token: () => string;
  /** Whether the process of a holder runs; undefined if it cannot be looked up from here. */
  readonly isRunning: (holder: LockHolder) => boolean | undefined;
  /** Milliseconds on a clock of this process that is never set. */
  readonly now: () => number;
  /** Milliseconds without a change of the count after which a holder that cannot be looked up counts as gone. */
  readonly silence: number;
}

/**
 * State of a lock. `held`: somebody has it. `gone`: somebody had it, but the process has ended, or its count has not
 * changed for the time of silence while this object watched.
 */
export interface LockState {
  readonly state: 'free' | 'held' | 'gone';
  /** Who holds or held it; undefined if it is free, or if the record cannot be read. */
  readonly holder?: LockHolder | undefined;
  /** Whether the holder is known to be at work: it runs on this machine, or its count has changed while watched. */
  readonly alive: boolean;
  /** The highest generation. */
  readonly generation: number;
}

/** The file in which the holder of a generation counts. */
export const beatFile = (generation: number): string => `${generation}.beat`;

const draftFile = (token: string): string => `${token}.draft`;

/** The highest generation among the files of a lock; 0 if there is none. */
export const highestGeneration = (names: readonly string[]): number =>
  names.reduce((highest, name) => (/^\d+$/.test(name) ? Math.max(highest, Number(name)) : highest), 0);

function parseRecord(text: string | undefined): LockRecord | undefined {
  try {
    const record = JSON.parse(text ?? '') as LockRecord;
    return record.free || (typeof record.pid === 'number' && typeof record.host === 'string') ? record : undefined;
  } catch {
    return undefined;
  }
}

/** One process and one lock: takes it, checks it and releases it. It remembers what it has seen of the holder. */
export class LockClient {
  #held: { readonly generation: number; readonly token: string } | undefined;
  #watched: { readonly id: string; readonly sign: string; readonly since: number } | undefined;
  #alive = false;

  constructor(
    private readonly files: LockFiles,
    private readonly process: LockProcess,
  ) {}

  /** The generation that this process has taken and not released. Another may have taken the lock over since. */
  get generation(): number | undefined {
    return this.#held?.generation;
  }

  /**
   * Takes the lock if it is free or its holder is gone.
   * @returns undefined if it was taken, else who holds it.
   */
  *take(): Steps<LockState | undefined> {
    let found: LockState | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      found = yield* this.look();
      if (found.state === 'held') return found;
      const generation = found.generation + 1;
      const token = this.process.token();
      if (!(yield* this.#link(generation, { ...this.process.holder(), token }))) continue;
      // A process that was stopped before it linked may have linked a generation that others have long passed.
      if ((yield* this.#highest()) !== generation) continue;
      this.#held = { generation, token };
      yield* this.#tidy(generation);
      return undefined;
    }
    return { ...found!, state: 'held', alive: true };
  }

  /** Finds out who holds the lock. */
  *look(): Steps<LockState> {
    for (;;) {
      yield;
      const names = this.files.list();
      const generation = highestGeneration(names);
      const old = generation === 0;
      if (old && !names.includes(OLD_OWNER)) return { state: 'free', alive: false, generation };
      // Read before the sign of life, so that the time without a change is never overestimated.
      const now = this.process.now();
      yield;
      const text = this.files.read(old ? OLD_OWNER : String(generation));
      // It was removed in between, by a holder that is far ahead or by the owner itself.
      if (text === undefined) continue;
      const holder = parseRecord(text);
      if (holder?.free) return { state: 'free', alive: false, generation };
      const running = holder && this.process.isRunning(holder);
      if (running !== undefined) return { state: running ? 'held' : 'gone', holder, alive: running, generation };
      // An owner that cannot be read belongs to nobody: older versions wrote it within milliseconds.
      if (old && !holder) return { state: 'gone', alive: false, generation };
      yield;
      const sign = old ? this.files.stamp(OLD_OWNER) : (this.files.read(beatFile(generation)) ?? '');
      const silent = this.#watch(`${generation} ${holder?.token ?? text}`, sign, now);
      return { state: silent ? 'gone' : 'held', holder, alive: this.#alive, generation };
    }
  }

  /** Whether the lock is this process's. Check it before each write: another process may have taken it over. */
  *holds(): Steps<boolean> {
    if (!this.#held) return false;
    const { generation, token } = this.#held;
    yield;
    // Somebody may have removed the folder, so that the generations began again.
    if (parseRecord(this.files.read(String(generation)))?.token !== token) return false;
    return (yield* this.#highest()) === generation;
  }

  /** Releases the lock, if this process holds it. */
  *release(): Steps<void> {
    if (!this.#held) return;
    const { generation } = this.#held;
    const holds = yield* this.holds();
    this.#held = undefined;
    if (holds) yield* this.free(generation);
  }

  /**
   * Frees the lock after a generation, whoever holds that.
   * @returns false if another process took the lock meanwhile.
   */
  *free(after: number): Steps<boolean> {
    const record = { ...this.process.holder(), token: this.process.token(), free: true } satisfies LockRecord;
    const freed = yield* this.#link(after + 1, record);
    yield;
    if (freed) this.files.remove(OLD_OWNER);
    return freed;
  }

  *#highest(): Steps<number> {
    yield;
    return highestGeneration(this.files.list());
  }

  /** Makes a record the one of a generation. @returns false if the generation has one. */
  *#link(generation: number, record: LockRecord): Steps<boolean> {
    const draft = draftFile(record.token);
    yield;
    this.files.write(draft, JSON.stringify(record));
    yield;
    let linked = this.files.link(draft, String(generation));
    yield;
    // NFS may repeat a request whose answer was lost, and then report that the name is taken: by this very record.
    if (!linked) linked = parseRecord(this.files.read(String(generation)))?.token === record.token;
    yield;
    this.files.remove(draft);
    return linked;
  }

  /** Compares the sign of life of a holder with the last one. @returns whether it has been silent for too long. */
  #watch(id: string, sign: string, now: number): boolean {
    if (this.#watched?.id !== id || this.#watched.sign !== sign) {
      this.#alive = this.#watched?.id === id;
      this.#watched = { id, sign, since: this.process.now() };
      return false;
    }
    return now - this.#watched.since >= this.process.silence;
  }

  /** Removes what killed processes left: old generations, and drafts. Whose draft goes meanwhile tries again. */
  *#tidy(generation: number): Steps<void> {
    yield;
    const old = (name: string): boolean => {
      const number = /^(\d+)(\.beat(\.tmp)?)?$/.exec(name)?.[1];
      return number === undefined ? name.endsWith('.draft') || name === OLD_OWNER : Number(number) < generation - KEPT;
    };
    // The lowest first: a generation that is there implies those above it.
    const names = this.files.list().filter(old);
    for (const name of names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))) {
      yield;
      this.files.remove(name);
    }
  }
}
