import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(repository, 'packages/medbench/bin/medbench.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Options {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Receives the process, so that a test can kill it. */
  readonly started?: (child: ChildProcess) => void;
}

/** Runs the built command in a separate process, as a user does. */
export function medbench(args: readonly string[], { cwd, env = {}, started }: Options): Promise<Finished> {
  const began = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...process.env, NO_COLOR: '1', ...env } });
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

/** Settings of the shortest possible run. */
export const TINY = [
  '--set=training.steps=12',
  '--set=training.batchSize=16',
  '--set=training.warmup=2',
  '--set=training.checkpointEvery=4',
  '--set=general.steps=8',
] as const;
