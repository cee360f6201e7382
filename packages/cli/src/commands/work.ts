import { Option } from 'commander';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { abortOnSignal, printResults, resultsExitCode } from './run.js';

interface WorkFlags {
  readonly unit?: string;
  readonly json?: boolean;
}

/** Runs `medbench work RUN`. @returns 0 unless something failed that this process carried out or gathered. */
async function work(dir: string, { unit, json }: WorkFlags): Promise<number> {
  const [{ work: carryOut }, { consoleObserver }, { describeHolder }, { unitId }] = await Promise.all([
    import('@medbench/api'),
    import('../progress.js'),
    import('@medbench/core'),
    import('@medbench/runner'),
  ]);
  const observer = consoleObserver(process.stderr);
  let failed = false;
  try {
    const { outcome, held, finished } = await carryOut(dir, {
      unit,
      observer,
      signal: abortOnSignal(),
      report: {
        settled: () => {},
        taken: () => {},
        finished: (_, { error, failures }) => {
          failed ||= error !== undefined || Object.keys(failures).length > 0;
        },
      },
    });
    if (outcome?.error) failed = true;
    for (const { unit: other, holder } of held) {
      const id = typeof other === 'string' ? other : unitId(other);
      observer.finished(`${id} is held by ${describeHolder(holder)}`);
    }
    if (held.length > 0) observer.finished('Nothing else is left. Whoever finishes last writes the table.');
    if (!finished) return failed ? EXIT.failed : EXIT.ok;
    observer.finished(`Results in ${finished.folder}, report in ${finished.html}`);
    await printResults(finished.results, json);
    return resultsExitCode(finished.results);
  } finally {
    observer.finished();
  }
}

export const workCommand: DeclareCommand = (program, done) => {
  program
    .command('work')
    .description('take part in a run that was begun: carry out what nobody works on, here or on other machines')
    .argument('<dir>', 'run folder')
    .option('--unit <id>', 'carry out this unit only: general, ROW:SEED or gather, as medbench status lists them')
    .option('--json', 'if this process writes the table, print results.json instead of it')
    .addHelpText(
      'after',
      `
The run folder says everything: settings, data, plugins. Any number of processes may work on one run, on any machine that
sees the run folder, the data and the working folder under the same paths. Each unit has a lock, a unit that is done is
never done again, and the last process writes the table and the report. A process that is stopped leaves a checkpoint,
from which the next one resumes; the unit of a machine that has gone is taken over after two minutes without a sign of life.

Without --unit, units that have failed are left alone; medbench run and --unit try them again.
Exit code 1 if a unit failed, 130 if interrupted.

Examples:
  medbench work runs/study                          whatever is left
  medbench work runs/study --unit clip-scratch:0    one row and seed
  medbench work runs/study --unit gather            the table and the report`,
    )
    .addOption(new Option('--profile').hideHelp())
    .action(async (dir, options) => {
      // With a channel to the process of a run, that one prints everything. The module ends this process.
      if (process.send) await import('@medbench/api/worker');
      else done(await work(dir, options));
    });
};
