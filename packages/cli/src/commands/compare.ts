import { basename, resolve } from 'node:path';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

export interface CompareOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** What two run folders are called: their own names, or their paths where these are the same. */
function nameRuns(first: string, second: string): [string, string] {
  const names = [basename(resolve(first)), basename(resolve(second))] as const;
  return names[0] === names[1] ? [first, second] : [...names];
}

/** `medbench compare A B`. @throws MedbenchError('usage') if a folder holds no results. */
export async function compare(first: string, second: string, { out, json }: CompareOptions): Promise<number> {
  const [{ assembleComparison, readResults, renderComparison, renderComparisonTable }, { compareRuns }, core] =
    await Promise.all([import('@medbench/report'), import('@medbench/evaluation'), import('@medbench/runner')]);
  const results = [await readResults(first), await readResults(second)] as const;
  const [names, comparison] = [
    nameRuns(first, second),
    compareRuns(await core.readScores(first, results[0]), await core.readScores(second, results[1])),
  ];
  const compared = assembleComparison(
    { name: names[0], results: results[0] },
    { name: names[1], results: results[1] },
    comparison,
  );
  const { writeFileAtomic } = await import('@medbench/core');
  await writeFileAtomic(out, renderComparison(compared));
  console.error(`Wrote ${out}`);
  const { settings, alone } = compared;
  if (json)
    console.log(JSON.stringify({ schemaVersion: 1, runs: names, ...compared.comparison, settings, alone }, null, 1));
  else process.stdout.write(renderComparisonTable(compared, { width: process.stdout.columns ?? 160 }));
  return EXIT.ok;
}

export const compareCommand: DeclareCommand = (program, done) => {
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
    .action(async (first, second, options) => done(await compare(first, second, options)));
};
