import { type Command, InvalidArgumentError, Option } from 'commander';

/** Values of a flag that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function seeds(value: string): number[] {
  const parsed = value.split(',').map(Number);
  if (parsed.some((seed) => !Number.isInteger(seed) || seed < 0)) {
    throw new InvalidArgumentError('Seeds are whole numbers from 0, separated by commas.');
  }
  return parsed;
}

export function count(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1) throw new InvalidArgumentError('A whole number from 1.');
  return parsed;
}

/** What `run` and `plan` are told. */
export const withRunFlags = (command: Command): Command =>
  command
    .option(
      '--methods <rows>',
      'ids, all or a preset, separated by commas; id:setting=value,value makes rows of settings, sum:clip=1:captioning=2 a row of objectives',
    )
    .option('--tasks <ids>', 'ids separated by commas, or all')
    .option('--preset <id>', 'a bundle of settings, such as demo or paper')
    .option('--config <file>', 'configuration file (default: medbench.config.* at or above this folder)')
    .option('--data <dir>', 'folder with the data sets (default: $MEDBENCH_DATA, else ./data)')
    .option('--out <dir>', 'run folder', 'runs/latest')
    .addOption(new Option('--seed <n,...>', 'one seed or several, separated by commas').argParser(seeds))
    .option('--backend <id>', 'auto or a backend of medbench list backends')
    .option('--set <path=value>', 'any setting, for example training.steps=100 (repeatable)', collect)
    .option('--skip-bad', 'leave out rows and pictures that cannot be read; they are listed in skipped.json')
    .option('--embeddings <[id=]dir>', 'a row of embeddings from elsewhere (repeatable)', collect);
