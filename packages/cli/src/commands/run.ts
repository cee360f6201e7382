import { join, resolve } from 'node:path';
import { NO_PROFILE, type RunResults, writeFileAtomic } from '@medbench/core';
import {
  type Config,
  type ConfigTree,
  makePlan,
  mergeTrees,
  type Plan,
  ProfileClock,
  parseSet,
} from '@medbench/runner';
import { carryOut } from '../carry-out.js';
import { type EmbeddingRow, embeddingRows } from '../embeddings.js';
import { EXIT } from '../errors.js';
import { renderProfile } from '../profile.js';
import { consoleObserver } from '../progress.js';
import { configOf, openWorkspace, type Workspace } from '../workspace.js';

export interface RunOptions {
  readonly methods?: string;
  readonly tasks?: string;
  readonly preset?: string;
  readonly config?: string;
  readonly data?: string;
  readonly out: string;
  readonly seed?: readonly number[];
  readonly backend?: string;
  readonly set?: readonly string[];
  readonly skipBad?: boolean;
  readonly embeddings?: readonly string[];
  readonly profile?: boolean;
  readonly json?: boolean;
}

export const flagTree = (options: RunOptions, rows: readonly EmbeddingRow[]): ConfigTree =>
  mergeTrees(
    rows.length > 0 ? { embeddings: Object.fromEntries(rows.map(({ id, folder }) => [id, folder])) } : {},
    ...(options.set ?? []).map(parseSet),
    Object.fromEntries(
      Object.entries({
        methods: options.methods,
        tasks: options.tasks,
        preset: options.preset,
        dataRoot: options.data,
        seeds: options.seed,
        backend: options.backend,
        skipBad: options.skipBad,
      }).filter(([, value]) => value !== undefined),
    ),
  );

/** What repeats the run: the command as a person would type it. */
export function commandOf(options: RunOptions, command: string): string {
  const parts = [`medbench ${command}`];
  // A profile changes no figure, nor the file that holds them.
  const { profile: _, ...rest } = options;
  for (const [name, value] of Object.entries(rest)) {
    const values = name === 'set' || name === 'embeddings' ? (value as string[]) : [value];
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const one of values)
      parts.push(one === true ? `--${flag}` : `--${flag} ${Array.isArray(one) ? one.join(',') : one}`);
  }
  return parts.join(' ');
}

/**
 * What the flags of `run` ask for, with nothing done yet.
 * @param base settings below those of the flags.
 * @throws MedbenchError for an unknown id or preset, or faults in the settings.
 */
export async function planOf(
  options: RunOptions,
  base: ConfigTree = {},
): Promise<{ readonly workspace: Workspace; readonly config: Config; readonly plan: Plan }> {
  const cwd = process.cwd();
  const workspace = await openWorkspace(cwd, options.config);
  const flags = flagTree(options, await embeddingRows(options.embeddings ?? [], cwd));
  const config = await configOf(workspace, mergeTrees(base, flags));
  return { workspace, config, plan: makePlan(config, workspace.catalogue) };
}

/** `medbench run`. @param base settings below those of the flags. @returns the exit code: 0 if every cell succeeded, 1 if some failed. */
export async function run(options: RunOptions, base: ConfigTree = {}, command = 'run'): Promise<number> {
  const clock = options.profile ? new ProfileClock() : undefined;
  const profile = clock ?? NO_PROFILE;
  const cwd = process.cwd();
  const { workspace, config, plan } = await planOf(options, base);
  const folder = resolve(cwd, options.out);
  const observer = consoleObserver(process.stderr);
  const signal = interruption();
  try {
    const results = await carryOut({
      workspace,
      config,
      plan,
      folder,
      command: commandOf(options, command),
      observer,
      signal,
      ...(clock ? { clock } : {}),
    });
    const report = await import('@medbench/report');
    const { html } = await profile.span('report', () => report.writeReport(folder));
    observer.finished(`Results in ${join(options.out, 'results.json')}, results.csv and ${html}`);
    await printResults(results, options.json);
    if (clock) {
      const spent = clock.report();
      await writeFileAtomic(join(folder, 'profile.json'), `${JSON.stringify(spent, null, 1)}\n`);
      process.stderr.write(`\n${renderProfile(spent)}\n`);
    }
    return exitCode(results);
  } finally {
    observer.finished();
  }
}

/** Aborts at the first signal: the run then ends in order, with a checkpoint. A second one ends the process as usual. */
export function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  return abort.signal;
}

/** The table on stdout, or all of the results as JSON. */
export async function printResults(results: RunResults, json = false): Promise<void> {
  const { renderTable } = await import('@medbench/report');
  console.log(
    json
      ? JSON.stringify(results, null, 1)
      : renderTable(results, { color: process.stdout.isTTY ?? false, width: process.stdout.columns ?? 160 }),
  );
}

/** 0 if every cell succeeded, 1 if some failed. */
export const exitCode = ({ cells }: RunResults): number =>
  cells.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
