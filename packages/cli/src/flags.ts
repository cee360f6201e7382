import { type Command, InvalidArgumentError, Option } from 'commander';

/** What `run` and its like are told. */
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
  readonly profile?: boolean;
  readonly json?: boolean;
}

/** Values of a flag that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function parseSeeds(value: string): number[] {
  const parsed = value.split(',').map(Number);
  if (parsed.some((seed) => !Number.isInteger(seed) || seed < 0)) {
    throw new InvalidArgumentError('Seeds are whole numbers from 0, separated by commas.');
  }
  return parsed;
}

export function parseCount(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1) throw new InvalidArgumentError('A whole number from 1.');
  return parsed;
}

/** Flags that several commands take, each declared once. */
export const FLAG = {
  preset: () => new Option('--preset <id>', 'a bundle of settings, such as demo or paper'),
  config: () =>
    new Option('--config <file>', 'configuration file (default: medbench.config.* at or above this folder)'),
  data: () => new Option('--data <dir>', 'folder with the data sets (default: $MEDBENCH_DATA, else ./data)'),
  seed: () => new Option('--seed <n,...>', 'one seed or several, separated by commas').argParser(parseSeeds),
  backend: () => new Option('--backend <id>', 'auto or a backend of medbench list backends'),
  set: () =>
    new Option('--set <path=value>', 'any setting, for example training.steps=100 (repeatable)').argParser(collect),
  skipBad: () =>
    new Option('--skip-bad', 'leave out rows and images that cannot be read; they are listed in skipped.json'),
  results: () => new Option('--json', 'print results.json instead of the table'),
} as const;

/** What `run` and `plan` are told. */
export const withRunFlags = (command: Command): Command =>
  command
    .option(
      '--methods <rows>',
      'ids, all or a preset, separated by commas; id:setting=value,value makes rows of settings, sum:clip=1:captioning=2 a row of objectives',
    )
    .option('--tasks <ids>', 'ids separated by commas, or all')
    .addOption(FLAG.preset())
    .addOption(FLAG.config())
    .addOption(FLAG.data())
    .option('--out <dir>', 'run folder', 'runs/latest')
    .addOption(FLAG.seed())
    .addOption(FLAG.backend())
    .addOption(FLAG.set())
    .addOption(FLAG.skipBad())
    .option('--embeddings <[id=]dir>', 'a row of embeddings from elsewhere (repeatable)', collect);

/** What repeats a call: the command as a person would type it. */
export function commandText(flags: RunFlags, command: string): string {
  const words = [`medbench ${command}`];
  // A profile changes no figure, nor the file that holds them.
  const { profile: _, ...rest } = flags;
  for (const [name, value] of Object.entries(rest)) {
    const values = name === 'set' || name === 'embeddings' ? (value as string[]) : [value];
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const item of values)
      words.push(item === true ? `--${flag}` : `--${flag} ${Array.isArray(item) ? item.join(',') : item}`);
  }
  return words.join(' ');
}
