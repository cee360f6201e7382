import { basename, resolve } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { Option } from 'commander';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { collect } from '../flags.js';

/** Flags of `medbench compare`. */
export interface CompareOptions {
  readonly out: string;
  readonly with?: 'study';
  readonly pair?: readonly string[];
  readonly json?: boolean;
}

/** Names two run folders: by the names of the folders or, if these are equal, by their paths. */
function nameRuns(first: string, second: string): [string, string] {
  const names = [basename(resolve(first)), basename(resolve(second))] as const;
  return names[0] === names[1] ? [first, second] : [...names];
}

/** Compares two run folders. @throws MedbenchError('usage') if a folder has no results. */
async function compareFolders(first: string, second: string, { out, json }: CompareOptions): Promise<void> {
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
}

/** Parses `ROW=STUDYROW`; ids of rows may have `=` themselves, ids of the study's rows do not. */
function parsePairs(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.lastIndexOf('=');
      if (equals > 0 && equals < pair.length - 1) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new MedbenchError('usage', `--pair ${pair} does not pair two rows`, {
        hint: 'Write --pair ROW=STUDYROW, for example --pair flip=flip-0.5.',
      });
    }),
  );
}

/** Compares a run folder with the study's result files. @throws MedbenchError as `compareWithStudy` and `readResults`. */
async function compareStudy(folder: string, { out, pair = [], json }: CompareOptions): Promise<void> {
  const wanted = parsePairs(pair);
  const [report, { compareWithStudy, readStudyResults }, { writeFileAtomic }] = await Promise.all([
    import('@medbench/report'),
    import('@medbench/studies/study-results'),
    import('@medbench/core'),
  ]);
  const results = await report.readResults(folder);
  const comparison = compareWithStudy(results, readStudyResults(), wanted);
  const name = basename(resolve(folder));
  const shown = report.assembleStudyComparison(name, results, comparison);
  await writeFileAtomic(out, report.renderStudyComparison(shown));
  console.error(`Wrote ${out}`);
  const synthetic = results.run.synthetic;
  if (json)
    console.log(JSON.stringify({ schemaVersion: 1, run: name, with: 'study', synthetic, ...comparison }, null, 1));
  else process.stdout.write(report.renderStudyTable(shown, { width: process.stdout.columns ?? 160 }));
}

/**
 * Runs `medbench compare A B` or `medbench compare A --with study`.
 * @throws MedbenchError('usage') unless exactly one of the second folder and `--with` is given, and for `--pair` without
 *   `--with study`.
 */
export async function compare(first: string, second: string | undefined, options: CompareOptions): Promise<number> {
  if (second !== undefined && options.with !== undefined) {
    throw new MedbenchError('usage', `compare has both a second folder, ${second}, and --with ${options.with}`, {
      hint: 'Give one of them.',
    });
  }
  if (options.pair && options.with === undefined)
    throw new MedbenchError('usage', '--pair needs --with study', {
      hint: 'Two runs are compared by the ids of their rows.',
    });
  if (options.with !== undefined) await compareStudy(first, options);
  else if (second !== undefined) await compareFolders(first, second, options);
  else {
    throw new MedbenchError('usage', 'compare has nothing to compare the run with', {
      hint: 'Name a second run folder, or give --with study.',
    });
  }
  return EXIT.ok;
}

export const compareCommand: DeclareCommand = (program, done) => {
  program
    .command('compare')
    .description(
      'compare two run folders, or a run folder with the figures of the study, cell by cell: which differences are significant',
    )
    .argument('<first>', 'run folder')
    .argument('[second]', 'run folder; leave it out with --with')
    .addOption(new Option('--with <what>', "compare with the study's own result files instead").choices(['study']))
    .option('--pair <row=study-row>', 'compare a row with a row of the study of your choice (repeatable)', collect)
    .option('--out <file>', 'file of the HTML page', 'compare.html')
    .option('--json', 'machine-readable, instead of the table')
    .addHelpText(
      'after',
      `
Differences are tested if the runs have several seeds. With one training in each run, they are shown but not tested.

--with study sets the run beside the result files in the repository of arXiv:2406.07450. Rows are found by their settings;
--pair names further pairs. The study's rows are clip, partial-image-7, flip-0.5, coca and filip. A figure lies within,
above or below by the 95 % interval of the difference, computed from the numbers of test examples. Figures of other test
sets and of generated data are shown but not judged.

Examples:
  medbench compare runs/freeze-0 runs/freeze-half --out freeze.html
  medbench compare runs/flip --with study --out study.html
  medbench compare runs/flip --with study --pair flip:ratio=0.5=flip-0.5`,
    )
    .action(async (first, second, options) => done(await compare(first, second, options)));
};
