import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Flags of `run` and of commands that share them. */
export interface RunFlags {
  readonly methods?: string;
  readonly tasks?: string;
  readonly preset?: string;
  readonly config?: string;
  readonly data?: string;
  readonly out?: string;
  readonly seed?: readonly number[];
  readonly backend?: string;
  readonly set?: readonly string[];
  readonly skipBad?: boolean;
  readonly embeddings?: readonly string[];
  readonly jobs?: number;
  readonly launcher?: string;
  readonly track?: readonly string[];
  readonly dryRun?: boolean;
  readonly profile?: boolean;
  /** Port of the page that follows the run. */
  readonly serve?: number;
  readonly json?: boolean;
}

/** Collects the values of a flag that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** Parses `0,1,2` as seeds. */
export function parseSeeds(value: string): number[] {
  const parsed = value.split(',').map(Number);
  if (parsed.some((seed) => !Number.isInteger(seed) || seed < 0)) {
    throw new InvalidArgumentError('Give whole numbers of at least 0, separated by commas.');
  }
  return parsed;
}

/** Parses a whole number of at least 1. */
export function parseCount(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1) throw new InvalidArgumentError('Give a whole number of at least 1.');
  return parsed;
}

/** Port of the page that follows a run, unless another is named. */
const PAGE_PORT = 8686;

/** Parses a port, or 0 for any that is free. */
export function parsePort(value: string): number {
  const parsed = Number(value);
  if (value !== '' && Number.isInteger(parsed) && parsed >= 0 && parsed <= 65_535) return parsed;
  throw new InvalidArgumentError('Give a port from 0 to 65535, or none; name the run folder before it.');
}

/** Flags that several commands share. */
export const FLAG = {
  preset: () =>
    new Option('--preset <ids>', 'a bundle of settings, such as demo or study; study,demo-size combines two'),
  config: () =>
    new Option('--config <file>', 'configuration file (default: medbench.config.* at or above this folder)'),
  data: () => new Option('--data <dir>', 'folder with the data sets (default: $MEDBENCH_DATA, else ./data)'),
  seed: () => new Option('--seed <n,...>', 'one seed or several, separated by commas').argParser(parseSeeds),
  backend: () => new Option('--backend <id>', 'auto, or an id from medbench list backends'),
  set: () =>
    new Option('--set <path=value>', 'any setting, for example training.steps=100 (repeatable)').argParser(collect),
  skipBad: () => new Option('--skip-bad', 'skip rows and images that cannot be read; skipped.json lists them'),
  jobs: () =>
    new Option(
      '--jobs <n>',
      'processes that train and measure side by side; the figures do not depend on it (default: by cores and memory)',
    ).argParser(parseCount),
  planned: () =>
    new Option(
      '--jobs <n>',
      'processes, or devices with --device, to plan for (default: as many as a run would use here)',
    ).argParser(parseCount),
  launcher: () =>
    new Option('--launcher <id>', 'where rows and seeds are carried out (medbench list launchers; default: local)'),
  track: (flag = '--track <id>') =>
    new Option(flag, 'a tracker that shows curves and figures too (medbench list trackers; repeatable)').argParser(
      collect,
    ),
  serve: (what: string) =>
    new Option(`--serve [port]`, `${what} on 127.0.0.1, for browsers of this machine; 0 takes a free port`)
      .argParser(parsePort)
      .preset(PAGE_PORT),
  results: () => new Option('--json', 'print results.json instead of the table'),
} as const;

/** Declares the flags of `run` and `plan`. */
export const withRunFlags = (command: Command): Command =>
  command
    .option(
      '--methods <rows>',
      'ids, all or a preset, separated by commas; id:setting=value,value makes one row per value, sum:clip=1:captioning=2 a row that sums objectives',
    )
    .option('--tasks <ids>', 'ids separated by commas, all, or a preset for its tasks')
    .addOption(FLAG.preset())
    .addOption(FLAG.config())
    .addOption(FLAG.data())
    .option('--out <dir>', 'run folder', 'runs/latest')
    .addOption(FLAG.seed())
    .addOption(FLAG.backend())
    .addOption(FLAG.set())
    .addOption(FLAG.skipBad())
    .option('--embeddings <[id=]dir>', 'a row of embeddings made by another tool (repeatable)', collect);

/** Returns the command line of a command of medbench, without arguments, if this process is the command. */
export function ownCommand(name: 'work' | 'watch'): string[] | undefined {
  const program = process.argv[1] ?? '';
  return /^medbench(\.m?js)?$/.test(basename(program)) ? [process.execPath, program, name] : undefined;
}

/** Returns the command line of `medbench work`, if this process is the command. */
export const workCommand = (): string[] | undefined => ownCommand('work');

/** Returns the command line that repeats a call, as a user would type it. */
export function commandText(flags: RunFlags, command: string): string {
  const words = [`medbench ${command}`];
  // The command is stored in results.json, which must not depend on these.
  const { profile: _, jobs: __, launcher: ___, dryRun: ____, serve: _____, track: ______, ...rest } = flags;
  for (const [name, value] of Object.entries(rest)) {
    const values = name === 'set' || name === 'embeddings' ? (value as string[]) : [value];
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const item of values)
      words.push(item === true ? `--${flag}` : `--${flag} ${Array.isArray(item) ? item.join(',') : item}`);
  }
  return words.join(' ');
}
