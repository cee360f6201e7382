import { join } from 'node:path';
import type { BenchmarkOptions, RunControl } from '@medbench/api';
import type { RunResults } from '@medbench/core';
import type { ConfigTree } from '@medbench/runner';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { commandText, FLAG, type RunFlags, withRunFlags, workCommand } from '../flags.js';
import { servePage } from '../serve-page.js';

/** Converts flags to the options of the API. */
export async function toBenchmarkOptions(flags: RunFlags, base: ConfigTree = {}): Promise<BenchmarkOptions> {
  const { mergeTrees, parseSet } = await import('@medbench/runner');
  return {
    methods: flags.methods,
    tasks: flags.tasks,
    preset: flags.preset,
    data: flags.data,
    seeds: flags.seed,
    backend: flags.backend,
    skipBad: flags.skipBad,
    embeddings: flags.embeddings,
    trackers: flags.track,
    settings: mergeTrees(...(flags.set ?? []).map(parseSet)),
    config: flags.config,
    base,
  };
}

/**
 * Runs `medbench run`, and other commands that execute a run.
 * @param base settings that the flags override.
 * @returns 0 if every cell succeeded, 1 if some failed.
 */
export async function run(flags: RunFlags, base: ConfigTree = {}, command = 'run'): Promise<number> {
  const [{ isSubmitted, launchBenchmark }, { ProfileClock, RunLayout }, { consoleObserver }] = await Promise.all([
    import('@medbench/api'),
    import('@medbench/runner'),
    import('../progress.js'),
  ]);
  const clock = flags.profile ? new ProfileClock() : undefined;
  const page = flags.serve === undefined || flags.dryRun ? undefined : await servePage(flags.out!, flags.serve);
  const observer = consoleObserver(process.stderr);
  try {
    const text = commandText(flags, command);
    const control: RunControl = {
      ...{ observer, signal: abortOnSignal(), command: text, clock, jobs: flags.jobs },
      ...{ launcher: flags.launcher, workCommand: workCommand() },
    };
    const options = await toBenchmarkOptions(flags, base);
    if (flags.dryRun) {
      const { previewBenchmark } = await import('@medbench/api');
      const preview = await previewBenchmark({ ...options, ...control, out: flags.out });
      observer.finished();
      process.stdout.write(preview);
      return EXIT.ok;
    }
    const finished = await launchBenchmark({ ...options, ...control, out: flags.out });
    if (isSubmitted(finished)) {
      observer.finished(finished.submitted);
      return EXIT.ok;
    }
    const { results, folder, html } = finished;
    const layout = new RunLayout(folder);
    observer.finished(`Results in ${join(flags.out ?? '', 'results.json')}, results.csv and ${html}`);
    await printResults(results, flags.json);
    if (clock) {
      const [{ writeFileAtomic }, { renderProfile }] = await Promise.all([
        import('@medbench/core'),
        import('../profile.js'),
      ]);
      const spent = clock.report();
      await writeFileAtomic(layout.profile, `${JSON.stringify(spent, null, 1)}\n`);
      process.stderr.write(`\n${renderProfile(spent)}\n`);
    }
    return resultsExitCode(results);
  } finally {
    observer.finished();
    page?.end();
  }
}

/** Milliseconds that a run has to end by itself. Batch systems kill a job 30 s after they have told it to stop. */
const GRACE = 25_000;

/**
 * Returns a signal that the first SIGINT or SIGTERM aborts: the run then ends with a checkpoint, and in any case after 25
 * seconds, because what is finished is kept. A second one kills the process.
 */
export function abortOnSignal(grace = GRACE): AbortSignal {
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
    setTimeout(() => {
      console.error('error  The run did not stop by itself in time. Finished work is kept; the same command resumes.');
      process.exit(EXIT.interrupted);
    }, grace).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  return abort.signal;
}

/** Prints the table on stdout, or all results as JSON. */
export async function printResults(results: RunResults, json = false): Promise<void> {
  const { renderTable } = await import('@medbench/report');
  console.log(
    json
      ? JSON.stringify(results, null, 1)
      : renderTable(results, { color: process.stdout.isTTY ?? false, width: process.stdout.columns ?? 160 }),
  );
}

/** Returns 0 if every cell succeeded, 1 if some failed. */
export const resultsExitCode = ({ cells }: RunResults): number =>
  cells.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;

export const runCommand: DeclareCommand = (program, done) => {
  withRunFlags(program.command('run'))
    .description('train every method, measure it on every task, print the table (resumes --out if it exists)')
    .addOption(FLAG.jobs())
    .addOption(FLAG.launcher())
    .addOption(FLAG.track())
    .option('--dry-run', 'print the scripts that --launcher slurm would submit, and submit nothing')
    .option('--profile', 'at the end, print where the time went, by phase and row; also write profile.json')
    .addOption(FLAG.serve('while it runs, serve a page with curves and the table as it fills,'))
    .option('--json', 'print results.json instead of the table')
    .addHelpText(
      'after',
      `
Examples:
  medbench run --preset demo --out runs/demo
  medbench run --methods clip,clip-partial --tasks vqa-rad --seed 0,1,2 --out runs/vqa
  medbench run --methods clip-partial:freeze=0,0.5,1 --tasks vqa-rad --out runs/depth
  medbench run --methods 'coca,sum:clip=1:captioning=0.5,1,2' --tasks vqa-rad --out runs/captioning
  medbench run --preset study --serve --out runs/study     and open http://127.0.0.1:8686/
  medbench run --preset study --launcher slurm --set launcher.slurm.gres=gpu:1 --backend xla-cuda --out runs/study
  medbench run --preset study --track tensorboard --out runs/study     and tensorboard --logdir runs/study/trackers
  medbench run --preset demo --set training.steps=50 --set methodSettings.clip-partial.freeze=0.25`,
    )
    .action(async (flags) => done(await run(flags)));
};
