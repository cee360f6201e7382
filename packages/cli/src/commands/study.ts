import { join } from 'node:path';
import type { DeclareCommand } from '../command.js';
import { commandText, FLAG, type RunFlags, workCommand } from '../flags.js';
import { abortOnSignal, printResults, resultsExitCode, toBenchmarkOptions } from './run.js';

/** Runs `medbench study`, and prints its answers on stdout. @returns 0 if every cell succeeded, 1 if some failed. */
async function study(
  which: string,
  { grid = false, ...flags }: RunFlags & { readonly grid?: boolean },
): Promise<number> {
  const [{ findStudy, study: carryOut }, { consoleObserver }] = await Promise.all([
    import('@medbench/api'),
    import('../progress.js'),
  ]);
  const { id } = await findStudy(which, process.cwd());
  const out = flags.out ?? join('runs', id);
  const observer = consoleObserver(process.stderr);
  try {
    const { results, html, answers } = await carryOut(which, {
      ...(await toBenchmarkOptions(flags)),
      grid,
      out,
      observer,
      signal: abortOnSignal(),
      jobs: flags.jobs,
      launcher: flags.launcher,
      workCommand: workCommand(),
      command: `${commandText({ ...flags, out }, `study ${which}`)}${grid ? ' --grid' : ''}`,
    });
    observer.finished(`Results in ${join(out, 'results.json')}, results.csv and ${html}`);
    await printResults(results, flags.json);
    if (!flags.json) {
      for (const { question, sentence, details = [] } of answers) {
        console.log([`\n${question}`, `  ${sentence}`, ...details.map((detail) => `  - ${detail}`)].join('\n'));
      }
    }
    return resultsExitCode(results);
  } finally {
    observer.finished();
  }
}

export const studyCommand: DeclareCommand = (program, done) => {
  program
    .command('study')
    .description('run a study and answer its questions (resumes --out if it exists)')
    .argument('<study>', 'id from medbench list studies, or a study.{ts,js,json,yaml}')
    .option('--methods <rows>', 'rows, instead of those of the study')
    .option('--tasks <ids>', 'ids separated by commas, or all, instead of those of the study')
    .addOption(FLAG.preset())
    .addOption(FLAG.config())
    .addOption(FLAG.data())
    .option('--out <dir>', 'folder of the study (default: runs/<id>)')
    .addOption(FLAG.seed())
    .addOption(FLAG.backend())
    .addOption(FLAG.set())
    .addOption(FLAG.skipBad())
    .addOption(FLAG.jobs())
    .addOption(FLAG.launcher())
    .addOption(FLAG.track())
    .addOption(FLAG.results())
    .option(
      '--grid',
      'for a study with a search: also train every value to the end, and compare the search with the grid',
    )
    .addHelpText(
      'after',
      `
Flags override the study; the study overrides the configuration file and the preset.

Examples:
  medbench study paper --preset study,demo-size    the eleven rows of the study on generated phantoms
  medbench study first-three --data ./data --tasks pneumoniamnist,vqa-rad --seed 0,1,2
  medbench study ./study.yaml --preset demo`,
    )
    .action(async (which, options) => done(await study(which, options)));
};
