import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { full } from './full.js';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(repository, 'packages/medbench/bin/medbench.js');

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Finished extends Ended {
  readonly ms: number;
}

export interface Options {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Receives the process, so that a test can kill it. */
  readonly started?: (child: ChildProcess) => void;
  /** Runs in a process of its own. */
  readonly fresh?: boolean;
}

/**
 * Runs the built command. By default a process that is kept carries it out, which saves two thirds of the time of a short
 * run: loading and warming up the modules. A command runs in a process of its own, as a user's does, where a test needs the
 * process (`started`), or says that the command must not meet what another left in memory (`fresh`), and in
 * `npm run test:full`.
 */
export async function medbench(args: readonly string[], options: Options): Promise<Finished> {
  const { cwd, env = {}, started, fresh = false } = options;
  const began = performance.now();
  // A busy process is left alone: its working folder is that of the other command.
  const own = started || fresh || full || keptProcess?.busy;
  const ended = own
    ? await start([bin, ...args], options)
    : await withKeptProcess((kept) => kept.run({ args, cwd, env }));
  return { ...ended, ms: performance.now() - began };
}

/**
 * Runs commands that only print or refuse, one after the other in one process. They must not change settings of the
 * process, such as `--no-plugins`.
 * @returns one result for each.
 */
export async function medbenchSeries(
  commands: readonly (readonly string[])[],
  { cwd, env = {} }: Pick<Options, 'cwd' | 'env'>,
): Promise<readonly Ended[]> {
  return withKeptProcess(async (kept) => {
    const ended: Ended[] = [];
    for (const args of commands) ended.push(await kept.run({ args, cwd, env }));
    return ended;
  });
}

interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A process that carries out commands, one at a time. It ends with the process of the tests. */
class KeptProcess {
  readonly #child = fork(join(repository, 'scripts/series.mjs'), {
    execArgv: [],
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  commands = 0;
  /** Whether a test uses it. */
  busy = false;

  constructor() {
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** @throws Error if the process ends before the command does. */
  async run(command: Command): Promise<Ended> {
    this.commands++;
    this.#child.send(command);
    const ended = new AbortController();
    try {
      const [finished] = await Promise.race([
        once(this.#child, 'message', { signal: ended.signal }) as Promise<[Ended]>,
        once(this.#child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
          throw new Error(`medbench ${command.args.join(' ')} ended its process: ${signal ?? `code ${code}`}`);
        }),
      ]);
      return finished;
    } finally {
      ended.abort();
    }
  }

  get isGone(): boolean {
    return !this.#child.connected;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

let keptProcess: KeptProcess | undefined;
/** Commands after which a kept process is replaced, because native memory is not given back. */
const MOST_COMMANDS = 40;

/** Lends the kept process; if another test uses it, a second one that ends with the work. */
async function withKeptProcess<T>(work: (kept: KeptProcess) => Promise<T>): Promise<T> {
  if (keptProcess && !keptProcess.busy && (keptProcess.isGone || keptProcess.commands >= MOST_COMMANDS)) {
    keptProcess.stop();
    keptProcess = undefined;
  }
  keptProcess ??= new KeptProcess();
  const lent = keptProcess.busy ? new KeptProcess() : keptProcess;
  lent.busy = true;
  try {
    return await work(lent);
  } finally {
    lent.busy = false;
    if (lent !== keptProcess) lent.stop();
  }
}

function start(args: readonly string[], { cwd, env = {}, started }: Options): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  started?.(child);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

/** Creates a folder that `dispose` removes. */
export function temporaryFolder(name: string): { readonly path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), `medbench-${name}-`));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/** Trains the heads that answer questions as briefly as possible, for tests that do not look at how well they answer. */
export const BRIEF_ANSWERS = ['--set=evaluation.vqa.epochs=1', '--set=evaluation.vqa.minSteps=20'] as const;

/** Settings of the shortest possible run. */
export const TINY = [
  '--set=training.steps=12',
  '--set=training.batchSize=16',
  '--set=training.warmup=2',
  '--set=training.checkpointEvery=4',
  '--set=general.steps=8',
] as const;
