import { join } from 'node:path';
import { MedbenchError, NO_PROFILE, type RunResults } from '@medbench/core';
import { isSubmitted, launchRun, previewRun, type Submitted } from './carry-out.js';
import { loadReport } from './load-report.js';
import { openPlan } from './open-plan.js';
import { type BenchmarkOptions, type FinishedRun, type RunControl, SILENT_OBSERVER } from './options.js';
import { namedFolder } from './workspace.js';

/**
 * Like `benchmark`, but also returns the paths of the run folder and the report. With a launcher that submits, it returns
 * how to follow the units instead.
 */
export async function launchBenchmark({
  out = join('runs', 'latest'),
  ...options
}: BenchmarkOptions & RunControl & { readonly out?: string | undefined }): Promise<FinishedRun | Submitted> {
  const { workspace, config, plan } = await openPlan(options);
  const { observer = SILENT_OBSERVER, signal = new AbortController().signal, command = 'benchmark()' } = options;
  const { clock, jobs, launcher, workCommand } = options;
  const folder = namedFolder(workspace.cwd, out);
  const control = { command, observer, signal, clock, jobs, launcher, workCommand };
  const results = await launchRun({ workspace, config, plan, folder, ...control });
  if (isSubmitted(results)) return results;
  const { writeReport } = await loadReport();
  const { html } = await (clock ?? NO_PROFILE).span('report', () => writeReport(folder));
  return { results, folder, html };
}

/**
 * Returns what `launchBenchmark` would hand to a scheduler, such as batch scripts, for people to read. Writes nothing to the
 * run folder.
 * @throws MedbenchError('usage') for a launcher that hands nothing to a scheduler; others as `benchmark`.
 */
export async function previewBenchmark({
  out = join('runs', 'latest'),
  ...options
}: BenchmarkOptions & RunControl & { readonly out?: string | undefined }): Promise<string> {
  const { workspace, config, plan } = await openPlan(options);
  const { observer = SILENT_OBSERVER, signal = new AbortController().signal, command = 'benchmark()' } = options;
  const { jobs, launcher, workCommand } = options;
  const folder = namedFolder(workspace.cwd, out);
  return previewRun({ workspace, config, plan, folder, command, observer, signal, jobs, launcher, workCommand });
}

/**
 * Like `benchmark`, but also returns the paths of the run folder and the report.
 * @throws as `benchmark`.
 */
export async function carryOutBenchmark(
  options: BenchmarkOptions & RunControl & { readonly out?: string | undefined },
): Promise<FinishedRun> {
  const finished = await launchBenchmark(options);
  if (!isSubmitted(finished)) return finished;
  throw new MedbenchError('usage', `The launcher ${options.launcher} has the units; the results are not there yet`, {
    hint: `${finished.submitted}. launchBenchmark() returns this text.`,
  });
}

/**
 * Trains every method, measures it on every task, and writes the run folder with its report, as `medbench run` does.
 * Whatever is finished in the folder is reused.
 *
 * ```ts
 * const { cells } = await benchmark({ methods: 'all', tasks: ['vqa-rad'], data: './data' });
 * ```
 *
 * @param options `out` is the run folder, default `runs/latest`.
 * @returns the contents of `results.json`. A failed cell states its reason; it does not throw.
 * @throws MedbenchError for an unknown id, faults in the settings, a folder that cannot be used, or an interruption.
 */
export async function benchmark(
  options: BenchmarkOptions & RunControl & { readonly out?: string | undefined } = {},
): Promise<RunResults> {
  return (await carryOutBenchmark(options)).results;
}
