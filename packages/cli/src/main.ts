import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { exitCodeOf, printError } from './errors.js';
import { collect, count, seeds, withRunFlags } from './flags.js';

const { version } = createRequire(import.meta.url)('@medbench/cli/package.json') as { version: string };

const LIST_KINDS = [
  'methods',
  'tasks',
  'encoders',
  'corpora',
  'backends',
  'controls',
  'plugins',
  'presets',
  'studies',
] as const;

/** The command line: what there is, with examples. An action imports what it needs when it is called. */
function commandLine(done: (code: number) => void): Command {
  const program = new Command('medbench')
    .description(
      'Find out, on your own data and hardware, which way of contrastive vision-language pre-training works.',
    )
    .version(version)
    .option('--debug', 'print the stack of an error')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  medbench run --preset demo                       the whole job on generated phantoms, minutes on two cores
  medbench run --methods all --tasks pneumoniamnist,vqa-rad --data ./data
  medbench plan --preset paper                     what a run would do: rows, parameters, steps, cells
  medbench study paper --data ./data               the paper's three questions, answered
  medbench list tasks                              what can be measured
  medbench data verify --tasks all --data ./data   whether your data is whole, and where to get the rest
  medbench doctor                                  which engine works on this machine

Exit codes: 0 all cells succeeded, 1 some failed, 2 wrong usage or configuration, 130 interrupted.`,
    );

  withRunFlags(program.command('run'))
    .description('train every method, measure it on every task, print the table (continues --out if it exists)')
    .option('--profile', 'say at the end where the time went, by phase and row; also in profile.json')
    .option('--json', 'print results.json instead of the table')
    .addHelpText(
      'after',
      `
Examples:
  medbench run --preset demo --out runs/demo
  medbench run --methods clip,clip-partial --tasks vqa-rad --seed 0,1,2 --out runs/vqa
  medbench run --methods clip-partial:freeze=0,0.5,1 --tasks vqa-rad --out runs/depth
  medbench run --preset demo --set training.steps=50 --set methodSettings.clip-partial.freeze=0.25`,
    )
    .action(async (options) => done(await (await import('./commands/run.js')).run(options)));

  withRunFlags(program.command('plan'))
    .description('what a run would do, without doing it: rows, parameters, steps, cells; takes the flags of run')
    .option('--json', 'machine-readable')
    .addHelpText('after', '\nExample:\n  medbench plan --methods all --tasks vqa-rad --seed 0,1,2')
    .action(async (options) => done(await (await import('./commands/plan.js')).plan(options)));

  program
    .command('study')
    .description('answer a question: its rows, its sweeps, its report (continues --out if it exists)')
    .argument('<study>', 'id of medbench list studies, or a study.{ts,js,json,yaml}')
    .option('--methods <rows>', 'rows in place of those of the study')
    .option('--tasks <ids>', 'ids separated by commas, or all, in place of those of the study')
    .option('--preset <id>', 'a bundle of settings, such as demo or paper')
    .option('--config <file>', 'configuration file (default: medbench.config.* at or above this folder)')
    .option('--data <dir>', 'folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--out <dir>', 'folder of the study (default: runs/<id>)')
    .addOption(new Option('--seed <n,...>', 'one seed or several, separated by commas').argParser(seeds))
    .option('--backend <id>', 'auto or a backend of medbench list backends')
    .option('--set <path=value>', 'any setting, for example training.steps=100 (repeatable)', collect)
    .option('--skip-bad', 'leave out rows and pictures that cannot be read; they are listed in skipped.json')
    .option('--json', 'print results.json instead of the table')
    .option(
      '--grid',
      'of a study that searches: train every value to the end too, and test the search against the grid',
    )
    .addHelpText(
      'after',
      `
Flags win over the study, the study over the configuration file and the preset.

Examples:
  medbench study paper --preset demo               the eleven rows on generated phantoms
  medbench study first-three --data ./data --tasks pneumoniamnist,vqa-rad --seed 0,1,2
  medbench study ./study.yaml --preset demo`,
    )
    .action(async (which, options) => done(await (await import('./commands/study.js')).study(which, options)));

  program
    .command('embed')
    .description('export the embeddings that a run kept; or write what another tool must embed')
    .argument('[dir]', 'run folder')
    .option('--method <id>', 'row of the table')
    .option('--seed <n>', 'seed of the row (default: 0)', (value) => seeds(value)[0])
    .option('--tasks <ids>', 'ids separated by commas (default: all that the run measured)')
    .requiredOption('--out <dir>', 'folder for <task>/<array>.npy, or for pictures and texts')
    .option('--inputs', 'write the pictures (PNG) and texts (JSON) of the tasks, in the order of the rows')
    .option('--data <dir>', 'with --inputs: folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--preset <id>', 'with --inputs: a bundle of settings')
    .option('--config <file>', 'with --inputs: configuration file')
    .option('--set <path=value>', 'with --inputs: any setting (repeatable)', collect)
    .addHelpText(
      'after',
      `
Arrays: <split>.images and <name>.texts (joint space), <split>.features (before the projection), float32.

Examples:
  medbench embed runs/real --method clip --tasks pneumoniamnist --out clip-embeddings
  medbench embed --inputs --tasks pneumoniamnist --data ./data --out to-embed`,
    )
    .action(async (dir, options) => done(await (await import('./commands/embed.js')).embed(dir, options)));

  program
    .command('eval')
    .description('measure embeddings that any tool made, with the protocols and intervals of every other row')
    .requiredOption('--embeddings <[id=]dir>', 'folder with <task>/<array>.npy (repeatable)', collect)
    .option('--tasks <ids>', 'ids separated by commas, or all (default: those of the folders)')
    .option('--data <dir>', 'folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--preset <id>', 'a bundle of settings')
    .option('--config <file>', 'configuration file')
    .option('--out <dir>', 'run folder', 'runs/eval')
    .addOption(new Option('--seed <n,...>', 'one seed or several, separated by commas').argParser(seeds))
    .option('--set <path=value>', 'any setting (repeatable)', collect)
    .option('--json', 'print results.json instead of the table')
    .addHelpText(
      'after',
      `
A row among those of a run: medbench run --embeddings biomedclip=DIR …

Examples:
  medbench eval --embeddings biomedclip=to-embed --data ./data
  medbench eval --embeddings ours=a --embeddings theirs=b --tasks pneumoniamnist --data ./data`,
    )
    .action(async (options) => done(await (await import('./commands/eval.js')).evaluate(options)));

  program
    .command('list')
    .description('what there is, one row each, with facts')
    .argument('<kind>', LIST_KINDS.join(', '))
    .option('--config <file>', 'configuration file that names further plugins')
    .option('--json', 'machine-readable')
    .addHelpText('after', '\nExamples:\n  medbench list methods\n  medbench list tasks --json')
    .action(async (kind, options) => done(await (await import('./commands/list.js')).list(kind, LIST_KINDS, options)));

  program
    .command('doctor')
    .description('which backend works here, why the others do not, and what to type')
    .option('--json', 'machine-readable')
    .action(async (options) => done(await (await import('./commands/doctor.js')).doctor(options)));

  const data = program.command('data').description('data sets: what is there, what is known of them, generated ones');
  data
    .command('verify')
    .description('compare a data folder with what is published: files, checksums, counts (fetches nothing)')
    .option('--tasks <ids>', 'ids separated by commas, or all (default: all)')
    .option('--corpora <ids>', 'ids separated by commas, or all')
    .option('--data <dir>', 'folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--checksums', 'insist on published checksums, of files above 1 GiB too')
    .option('--skip-bad', 'name all rows that cannot be read, instead of ending with the first')
    .option('--config <file>', 'configuration file')
    .option(
      '--set <path=value>',
      'any setting, for example taskSettings.ham10000.split=paper-like (repeatable)',
      collect,
    )
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Exit code 1 if a data set that is named is not as published, or one of all is damaged or differs.

Examples:
  medbench data verify --tasks all --data ./data
  medbench data verify --tasks pneumoniamnist,vqa-rad --corpora roco`,
    )
    .action(async (options) => done(await (await import('./commands/data-verify.js')).dataVerify(options)));
  data
    .command('info')
    .description('the data card of a task or corpus: classes, splits, licence, source, files, prompts, settings')
    .argument('<id>', 'of medbench list tasks or medbench list corpora')
    .option('--config <file>', 'configuration file that names further plugins')
    .option('--json', 'machine-readable')
    .addHelpText('after', '\nExample:\n  medbench data info ham10000')
    .action(async (id, options) => done(await (await import('./commands/data-info.js')).dataInfo(id, options)));
  data
    .command('phantoms')
    .description('write the generated data in the real on-disk formats')
    .option('--out <dir>', 'where to', '.medbench/phantoms')
    .option('--seed <n>', 'seed of the generator', (value) => seeds(value)[0], 0)
    .addHelpText('after', '\nExample:\n  medbench data phantoms --out phantoms --seed 1')
    .action(async (options) => done(await (await import('./commands/data-phantoms.js')).dataPhantoms(options)));

  program
    .command('check')
    .description('check plugin packages: manifest and facts, and what each class does when it runs, such as two steps')
    .argument('[dir]', 'a built package, or a folder of some', '.')
    .option('--data <dir>', 'folder with the data sets, for tasks and corpora (default: $MEDBENCH_DATA, else ./data)')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Exit code 1 if anything is wrong: each fault is a line that says what to change.

Examples:
  medbench check
  medbench check ./my-plugins --json`,
    )
    .action(async (dir, options) => done(await (await import('./commands/check.js')).check(dir, options)));

  program
    .command('report')
    .description('rebuild report.html and results.{csv,md,tex} of a run folder, and print its table')
    .argument('<dir>', 'run folder')
    .addOption(
      new Option('--format <format>', 'what to print')
        .choices(['table', 'markdown', 'latex', 'csv', 'json'])
        .default('table'),
    )
    .addHelpText('after', '\nExample:\n  medbench report runs/demo --format markdown')
    .action(async (dir, options) => done(await (await import('./commands/report.js')).report(dir, options)));

  program
    .command('compare')
    .description(
      'compare two run folders cell by cell: which differences are more than chance, what the runs differ in',
    )
    .argument('<first>', 'run folder')
    .argument('<second>', 'run folder')
    .option('--out <file>', 'the page', 'compare.html')
    .option('--json', 'machine-readable, instead of the table')
    .addHelpText(
      'after',
      `
Runs are told apart with several seeds each: one training on each side is shown, but not tested.

Example:
  medbench compare runs/freeze-0 runs/freeze-half --out freeze.html`,
    )
    .action(async (first, second, options) =>
      done(await (await import('./commands/compare.js')).compare(first, second, options)),
    );

  program
    .command('export')
    .description('write the weights that a run trained, or one tower as an ONNX file, for use elsewhere')
    .argument('<dir>', 'run folder')
    .requiredOption('--method <id>', 'row of the table, or general for the general-domain weights')
    .requiredOption('--out <dir>', 'folder for the files')
    .option('--seed <n>', 'seed of the row', (value) => seeds(value)[0], 0)
    .addOption(new Option('--tower <tower>', 'one tower alone').choices(['image', 'text']))
    .addOption(
      new Option(
        '--format <format>',
        'weights (default), or a graph with the weights in it, checked as it is written',
      ).choices(['safetensors', 'onnx']),
    )
    .addOption(
      new Option('--layout <layout>', 'safetensors: whose names the tensors have (default: open_clip)').choices([
        'open_clip',
        'hugging-face',
      ]),
    )
    .option('--batch <n>', 'onnx: a fixed number of examples (default: any number)', count)
    .addHelpText(
      'after',
      `
Examples:
  medbench export runs/demo --method clip --layout hugging-face --out clip-hf
  medbench export runs/demo --method clip --tower image --format onnx --out clip-onnx`,
    )
    .action(async (dir, options) => done(await (await import('./commands/export.js')).exportRow(dir, options)));

  // Sub-commands made above inherit neither of these.
  const every = (command: Command): void => {
    command.exitOverride().showHelpAfterError('(add --help for the options)');
    for (const below of command.commands) every(below);
  };
  every(program);
  return program;
}

/** Runs the command line. @returns the exit code; never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = commandLine((value) => {
    code = value;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // commander has printed its own message; help and version end with 0, anything else is wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printError(error, args.includes('--debug'));
    return exitCodeOf(error);
  }
}
