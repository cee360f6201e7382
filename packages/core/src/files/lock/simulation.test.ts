import { expect, it } from 'vitest';
import { type Random, random } from '../../random/index.js';
import { beatFile, finish, highestGeneration, LockClient, type LockFiles, type Steps } from './protocol.js';

// Several processes on two machines take one lock, work under it and release it, in an order that is drawn. Each operation
// on the files is a step; between any two, a process may be stopped for minutes or killed. Clocks differ by minutes.

const INTERLEAVINGS = 10_000;
const STEPS = 300;
const SILENCE = 120_000;
const BEAT = 10_000;
const SKEW = 600_000;

/**
 * A file system in memory, with the guarantees that `LockFiles` states.
 * @param linked is told each new name.
 */
function memoryFiles(linked: (name: string) => void): LockFiles {
  const files = new Map<string, string>();
  return {
    list: () => [...files.keys()],
    read: (name) => files.get(name),
    write: (name, text) => void files.set(name, text),
    link(from, to) {
      const text = files.get(from);
      if (text === undefined || files.has(to)) return false;
      files.set(to, text);
      linked(to);
      return true;
    },
    remove: (name) => void files.delete(name),
    stamp: () => '',
  };
}

interface Simulated {
  readonly pid: number;
  readonly threads: Generator<number, void>[];
  readonly wakes: number[];
  readonly client: LockClient;
  /** Until when the whole process is stopped, as by SIGSTOP. */
  stoppedUntil: number;
  /** When it counted. */
  readonly beats: number[];
  /** When it last read the count of another process. */
  lookedAt: number;
}

class World {
  time = 0;
  /** When each generation was taken. */
  readonly #linked = new Map<string, number>();
  readonly files = memoryFiles((name) => this.#linked.set(name, this.time));
  readonly running = new Map<number, Simulated>();
  readonly #all = new Map<number, Simulated>();
  /** Generations under which somebody has written, in the order of writing. */
  readonly writes: number[] = [];
  taken = 0;
  #pids = 0;
  #tokens = 0;

  constructor(readonly draw: Random) {}

  start(host: string): Simulated {
    const pid = ++this.#pids;
    const [rate, offset] = [0.99 + 0.02 * this.draw.uniform(), SKEW * (2 * this.draw.uniform() - 1)];
    const read = (name: string): string | undefined => {
      if (name.endsWith('.beat')) process.lookedAt = this.time;
      return this.files.read(name);
    };
    const client = new LockClient(
      { ...this.files, read },
      {
        holder: () => ({ pid, host, started: String(pid), place: host }),
        token: () => String(++this.#tokens),
        isRunning: (holder) => (holder.host === host ? this.running.has(holder.pid) : undefined),
        now: () => this.time * rate + offset,
        silence: SILENCE,
      },
    );
    const process: Simulated = { pid, client, threads: [], wakes: [0, 0], stoppedUntil: 0, beats: [], lookedAt: 0 };
    process.threads.push(this.#work(process), this.#heart(process));
    this.running.set(pid, process);
    this.#all.set(pid, process);
    return process;
  }

  /** Runs the steps of a procedure, each of which takes a moment. */
  *#slowly<T>(steps: Steps<T>): Generator<number, T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      yield 20 * this.draw.uniform();
    }
  }

  *#work(process: Simulated): Generator<number, void> {
    const { client } = process;
    for (;;) {
      if (yield* this.#slowly(client.take())) {
        yield 5000 * this.draw.uniform();
        continue;
      }
      this.#checkSuccession(process);
      for (let writes = Math.floor(4 * this.draw.uniform()); writes >= 0; writes--) {
        yield 2000 * this.draw.uniform();
        if (!(yield* this.#slowly(client.holds()))) break;
        this.#write(process);
      }
      yield* this.#slowly(client.release());
      yield 100 * this.draw.uniform();
    }
  }

  *#heart(process: Simulated): Generator<number, void> {
    for (let count = 0; ; count++) {
      yield BEAT;
      const { generation } = process.client;
      if (generation === undefined) continue;
      this.files.write(beatFile(generation), String(count));
      process.beats.push(this.time);
    }
  }

  /**
   * Whoever had the lock before must have released it, ended, or been silent until its successor looked. It may have woken
   * since; then it finds that it has lost the lock.
   */
  #checkSuccession(process: Simulated): void {
    this.taken++;
    const name = String(process.client.generation! - 1);
    const before = JSON.parse(this.files.read(name) ?? '{"free":true}');
    if (before.free || !this.running.has(before.pid)) return;
    const beats = this.#all.get(before.pid)!.beats.filter((beat) => beat <= process.lookedAt);
    const silent = process.lookedAt - Math.max(beats.at(-1) ?? 0, this.#linked.get(name)!);
    if (silent < 0.98 * SILENCE) throw new Error(`${process.pid} succeeded ${before.pid}, silent for ${silent} ms`);
  }

  /** Called in the very step in which the check of the lock succeeded. */
  #write(process: Simulated): void {
    for (const other of this.running.values()) {
      if (finish(other.client.holds()) !== (other === process))
        throw new Error(`${process.pid} and ${other.pid} hold it`);
    }
    this.writes.push(process.client.generation!);
  }

  /** Runs one step of a thread that is awake, after the time until one is. */
  step(): void {
    let ready: [Simulated, number][] = [];
    let first = Number.POSITIVE_INFINITY;
    for (const process of this.running.values()) {
      for (let thread = 0; thread < 2; thread++) {
        const at = Math.max(process.wakes[thread]!, process.stoppedUntil, this.time);
        if (at > first) continue;
        if (at < first) ready = [];
        first = at;
        ready.push([process, thread]);
      }
    }
    this.time = first;
    const [process, thread] = ready[Math.floor(ready.length * this.draw.uniform())]!;
    const { done, value } = process.threads[thread]!.next();
    process.wakes[thread] = this.time + (done ? Number.POSITIVE_INFINITY : value);
  }
}

const HOSTS = ['north', 'south'];

it(`has one holder at most and is never stuck, in ${INTERLEAVINGS} interleavings with kills, stops and skewed clocks`, () => {
  let taken = 0;
  for (let seed = 0; seed < INTERLEAVINGS; seed++) {
    const draw = random(seed, 'lock');
    const world = new World(draw);
    for (let i = 0; i < 4; i++) world.start(HOSTS[i % 2]!);
    for (let step = 0; step < STEPS; step++) {
      const chance = draw.uniform();
      const processes = [...world.running.values()];
      const process = processes[Math.floor(processes.length * draw.uniform())]!;
      if (chance < 0.01) {
        world.running.delete(process.pid);
        world.start(HOSTS[Math.floor(2 * draw.uniform())]!);
      } else if (chance < 0.03) process.stoppedUntil = world.time + 3 * SILENCE * draw.uniform();
      world.step();
    }
    // Everybody is killed. Somebody new gets the lock within the time of silence.
    world.running.clear();
    const last = world.start(HOSTS[seed % 2]!);
    const since = world.time;
    while (last.client.generation === undefined) {
      world.step();
      if (world.time - since > 1.1 * SILENCE + BEAT) throw new Error('nobody gets the lock');
    }
    // Nobody writes after somebody with a later generation has.
    if (world.writes.some((generation, i) => generation < world.writes[i - 1]!)) throw new Error('a late writer');
    if (highestGeneration(world.files.list()) !== last.client.generation) throw new Error('a higher generation');
    taken += world.taken;
  }
  // The simulation is of use only if locks change hands often.
  expect(taken).toBeGreaterThan(5 * INTERLEAVINGS);
}, 120_000);
