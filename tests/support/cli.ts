import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
}

/** Runs the built command in a separate process, as a user does. */
export const medbench = (args: readonly string[], options: Options): Promise<Finished> =>
  start([bin, ...args], options);

/**
 * Runs commands that only print or refuse, one after the other in one process, because a process takes a second to
 * start. They must not change settings of the process, such as `--no-plugins`.
 * @returns one result for each.
 */
export async function medbenchSeries(
  commands: readonly (readonly string[])[],
  { cwd, env = {} }: Omit<Options, 'started'>,
): Promise<readonly Ended[]> {
  const script = join(repository, 'scripts/series.mjs');
  const { code, stdout, stderr } = await start([script], {
    cwd,
    env,
    started: ({ stdin }) => stdin!.end(JSON.stringify(commands)),
  });
  if (code !== 0) throw new Error(`A command ended its process with code ${code}: ${stderr}`);
  return JSON.parse(stdout) as Ended[];
}

function start(args: readonly string[], { cwd, env = {}, started }: Options): Promise<Finished> {
  const began = performance.now();
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
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr, ms: performance.now() - began })),
  );
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
