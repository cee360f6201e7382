import { join } from 'node:path';
import { NO_PROFILE, type RunResults } from '@medbench/core';
import { carryOut } from './carry-out.js';
import { openPlan } from './open-plan.js';
import { type BenchmarkOptions, type FinishedRun, type RunControl, SILENT_OBSERVER } from './options.js';
import { namedFolder } from './workspace.js';

/** Like `benchmark`, but also returns the paths of the run folder and the report. */
export async function carryOutBenchmark({
  out = join('runs', 'latest'),
  ...options
}: BenchmarkOptions & RunControl & { readonly out?: string | undefined }): Promise<FinishedRun> {
  const { workspace, config, plan } = await openPlan(options);
  const { observer = SILENT_OBSERVER, signal = new AbortController().signal, command = 'benchmark()' } = options;
  const { clock, jobs } = options;
  const folder = namedFolder(workspace.cwd, out);
  const results = await carryOut({ workspace, config, plan, folder, command, observer, signal, clock, jobs });
  const { writeReport } = await import('@medbench/report');
  const { html } = await (clock ?? NO_PROFILE).span('report', () => writeReport(folder));
  return { results, folder, html };
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
