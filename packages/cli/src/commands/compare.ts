import { basename, resolve } from 'node:path';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

/** Flags of `medbench compare`. */
export interface CompareOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** Names two run folders: by the names of the folders or, if these are equal, by their paths. */
function nameRuns(first: string, second: string): [string, string] {
  const names = [basename(resolve(first)), basename(resolve(second))] as const;
  return names[0] === names[1] ? [first, second] : [...names];
}

/** Runs `medbench compare A B`. @throws MedbenchError('usage') if a folder has no results. */
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
    .description('compare two run folders cell by cell: which differences are significant, and how the runs differ')
    .argument('<first>', 'run folder')
    .argument('<second>', 'run folder')
    .option('--out <file>', 'file of the HTML page', 'compare.html')
    .option('--json', 'machine-readable, instead of the table')
    .addHelpText(
      'after',
      `
Differences are tested if the runs have several seeds. With one training in each run, they are shown but not tested.

Example:
  medbench compare runs/freeze-0 runs/freeze-half --out freeze.html`,
    )
    .action(async (first, second, options) => done(await compare(first, second, options)));
};
