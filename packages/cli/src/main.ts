import { createRequire } from 'node:module';
import { MedbenchError, turnPluginsOff } from '@medbench/core';
import { Command, CommanderError } from 'commander';
import type { DeclareCommand } from './command.js';
import { cancelCommand } from './commands/cancel.js';
import { checkCommand } from './commands/check.js';
import { compareCommand } from './commands/compare.js';
import { dataCommand } from './commands/data.js';
import { doctorCommand } from './commands/doctor.js';
import { embedCommand } from './commands/embed.js';
import { enginesCommand } from './commands/engines.js';
import { evalCommand } from './commands/eval.js';
import { exportCommand } from './commands/export.js';
import { leaderboardCommand } from './commands/leaderboard.js';
import { listCommand } from './commands/list.js';
import { newCommand } from './commands/new.js';
import { planCommand } from './commands/plan.js';
import { pushCommand } from './commands/push.js';
import { reportCommand } from './commands/report.js';
import { runCommand } from './commands/run.js';
import { statusCommand } from './commands/status.js';
import { studyCommand } from './commands/study.js';
import { trackCommand } from './commands/track.js';
import { unlockCommand } from './commands/unlock.js';
import { verifyCommand } from './commands/verify.js';
import { watchCommand } from './commands/watch.js';
import { workCommand } from './commands/work.js';
import { exitCode, explain, printError } from './errors.js';

const { version } = createRequire(import.meta.url)('@medbench/cli/package.json') as { version: string };

/** All commands, in the order of the help. */
const COMMANDS: readonly DeclareCommand[] = [
  runCommand,
  planCommand,
  studyCommand,
  workCommand,
  statusCommand,
  watchCommand,
  trackCommand,
  cancelCommand,
  unlockCommand,
  embedCommand,
  evalCommand,
  listCommand,
  doctorCommand,
  enginesCommand,
  dataCommand,
  newCommand,
  checkCommand,
  verifyCommand,
  reportCommand,
  compareCommand,
  leaderboardCommand,
  exportCommand,
  pushCommand,
];

/** Declares the command line with all commands and examples. An action imports what it needs when it is called. */
function commandLine(done: (code: number) => void): Command {
  const program = new Command('medbench')
    .description(
      'Find out, on your own data and hardware, which way of contrastive vision-language pre-training works.',
    )
    .version(version)
    .option('--debug', 'print the stack of an error')
    .option('--no-plugins', "run no code of the project: neither its plugins nor a configuration file that isn't named")
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  medbench run --preset demo                       a complete run on generated phantoms, in minutes on two cores
  medbench run --methods all --tasks pneumoniamnist,vqa-rad --data ./data
  medbench plan --preset study                     what a run would do: rows, parameters, steps, cells
  medbench study paper --data ./data               the paper's three questions, answered
  medbench work runs/study                         take part in a run, on this machine or another
  medbench status runs/study                       how far each row and seed is, and who works on it
  medbench watch runs/study                        follow a run: losses, figures, time left; --serve for a page
  medbench list tasks                              what can be measured
  medbench data verify --tasks all --data ./data   whether your data is complete, and where to get the rest
  medbench verify runs/demo                        whether each figure follows from data and code
  medbench leaderboard runs/a runs/b --out site    a site with the results of many runs
  medbench push runs/demo --results --repo me/demo --dry-run   what would go to the hub
  medbench new method my-loss                      a folder for a method of your own
  medbench doctor                                  which backend works on this machine
  medbench engines add xla-cuda13                  what an NVIDIA GPU needs

Exit codes: 0 all cells succeeded, 1 some failed, 2 wrong usage or configuration, 130 interrupted.`,
    );

  for (const declare of COMMANDS) declare(program, done);
  program.hook('preAction', (_, command) => {
    refuseEmpty(command);
    if (program.opts<{ plugins: boolean }>().plugins === false) turnPluginsOff();
  });

  // Commander does not pass these two settings on to sub-commands.
  const configureErrors = (command: Command): void => {
    command.exitOverride().showHelpAfterError('(add --help for the options)');
    for (const below of command.commands) configureErrors(below);
  };
  configureErrors(program);
  return program;
}

/**
 * Refuses options and arguments with an empty text, such as a shell variable that is not set: an empty folder would be
 * the current one.
 * @throws MedbenchError('usage') naming the flag or the argument.
 */
function refuseEmpty(command: Command): void {
  const flag = command.options.find((option) => command.getOptionValue(option.attributeName()) === '')?.long;
  const argument = command.registeredArguments.find((_, i) => command.args[i] === '')?.name();
  const empty = flag ?? (argument === undefined ? undefined : `<${argument}>`);
  if (empty === undefined) return;
  throw new MedbenchError('usage', `${empty} has an empty value`, {
    hint: 'Is a variable of the shell not set? Give a value, or leave it out.',
  });
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
    // Commander has already printed its message. --help and --version have exit code 0; everything else is wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const explained = explain(error);
    printError(explained, args.includes('--debug'));
    return exitCode(explained);
  }
}
