import { resolve } from 'node:path';
import { readVariable } from '@medbench/core/environment';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

interface CheckFlags {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** Formats a count with its noun, in the plural unless the count is 1. */
const withNoun = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * Runs `medbench check DIR`.
 * @returns 0, or 1 if a package has a fault.
 * @throws MedbenchError('usage') if the folder contains no plugin package.
 */
async function check(dir: string, { config, data, json }: CheckFlags): Promise<number> {
  const [{ checkPackage, pluginFolders }, { cacheFolder, openWorkspace }] = await Promise.all([
    import('@medbench/plugin-check'),
    import('@medbench/api/workspace'),
  ]);
  const cwd = process.cwd();
  const options = {
    dataRoot: resolve(cwd, data ?? readVariable('MEDBENCH_DATA') ?? 'data'),
    cacheRoot: cacheFolder(cwd),
    installed: (await openWorkspace(cwd, config)).catalogue,
  };
  const checked = [];
  let faults = 0;
  for (const folder of pluginFolders(resolve(cwd, dir))) {
    const report = await checkPackage(folder, options);
    faults += report.faults.length;
    checked.push({ ...report, dir: folder });
    if (json) continue;
    console.log(`${report.name}: ${report.plugins.join(', ') || 'no plugin'}`);
    for (const fault of report.faults) console.log(`  fault: ${fault}`);
    for (const note of report.notes) console.log(`  note: ${note}`);
  }
  if (json) console.log(JSON.stringify(checked, null, 1));
  else console.log(`\n${withNoun(checked.length, 'package')}, ${withNoun(faults, 'fault')}`);
  return faults > 0 ? EXIT.failed : EXIT.ok;
}

export const checkCommand: DeclareCommand = (program, done) => {
  program
    .command('check')
    .description('check plugin packages: their manifest and info, and how each class runs (a method trains two steps)')
    .argument('[dir]', 'a built package, or a folder of packages', '.')
    .addOption(FLAG.config())
    .option('--data <dir>', 'folder with the data sets, for tasks and corpora (default: $MEDBENCH_DATA, else ./data)')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Exit code 1 if a package has a fault; the line of each fault says what to change.

Examples:
  medbench check
  medbench check ./my-plugins --json`,
    )
    .action(async (dir, options) => done(await check(dir, options)));
};
