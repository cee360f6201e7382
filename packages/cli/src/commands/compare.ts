import { basename, resolve } from 'node:path';
import { MedbenchError, printable, type RunResults } from '@medbench/core';
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

/** The results of a run here or on the hub, with its scores. */
async function openScored(source: string) {
  const [{ openNamedResults }, { readResults }, { readScores }] = await Promise.all([
    import('@medbench/api'),
    import('@medbench/report'),
    import('@medbench/runner/scores'),
  ]);
  const { folder, name } = await openNamedResults(source, (text) => console.error(printable(text)));
  const results = await readResults(folder);
  return { name, results, scores: await readScores(folder, results) };
}

type RowPair = readonly [first: string, second: string];

/** A pair of rows at each `=` of `ROW=ROW`: ids of rows may have `=` themselves. */
const splitPair = (pair: string): RowPair[] =>
  [...pair.matchAll(/=/g)]
    .map(({ index }): RowPair => [pair.slice(0, index), pair.slice(index + 1)])
    .filter(([first, second]) => first !== '' && second !== '');

const unpaired = (pair: string, example: string): MedbenchError =>
  new MedbenchError('usage', `--pair ${pair} does not pair two rows`, {
    hint: `Write --pair ${example}.`,
  });

/** Finds the rows that `ROW=ROW` names in two runs. @throws MedbenchError('usage') if they do not have them. */
function findPair(pair: string, runs: readonly [RunResults, RunResults], names: readonly [string, string]): RowPair {
  const rows = runs.map(({ cells }) => [...new Set(cells.map(({ method }) => method))]) as [string[], string[]];
  const possible = splitPair(pair);
  if (possible.length === 0) throw unpaired(pair, 'ROW=ROW, for example --pair clip=slip');
  const found = possible.filter(([first, second]) => rows[0].includes(first) && rows[1].includes(second));
  if (found[0]) return found[0];
  throw new MedbenchError('usage', `--pair ${pair} names no row of ${names[0]} and a row of ${names[1]}`, {
    hint: `${names[0]} has ${rows[0].join(', ')}; ${names[1]} has ${rows[1].join(', ')}.`,
  });
}

/**
 * Compares two runs.
 * @throws MedbenchError('usage') if a folder has no results, or no row of a pair; others as `openResults`.
 */
async function compareSources(first: string, second: string, { out, pair, json }: CompareOptions): Promise<void> {
  const [{ assembleComparison, renderComparison, renderComparisonTable }, { compareRuns }] = await Promise.all([
    import('@medbench/report'),
    import('@medbench/evaluation'),
  ]);
  const opened = [await openScored(first), await openScored(second)] as const;
  const results = [opened[0].results, opened[1].results] as const;
  // Folders of equal names are told apart by their paths.
  const names =
    opened[0].name === opened[1].name ? ([first, second] as const) : ([opened[0].name, opened[1].name] as const);
  const pairs = pair?.map((one) => findPair(one, results, names));
  const comparison = compareRuns(opened[0].scores, opened[1].scores, pairs);
  const compared = assembleComparison(
    { name: names[0], results: results[0] },
    { name: names[1], results: results[1] },
    comparison,
    pairs,
  );
  const { writeFileAtomic } = await import('@medbench/core');
  await writeFileAtomic(out, renderComparison(compared));
  console.error(`Wrote ${out}`);
  const { settings, alone } = compared;
  if (json)
    console.log(JSON.stringify({ schemaVersion: 1, runs: names, ...compared.comparison, settings, alone }, null, 1));
  else process.stdout.write(renderComparisonTable(compared, { width: process.stdout.columns ?? 160 }));
}

/** Parses `ROW=STUDYROW`: the study's ids have no `=`. */
function parseStudyPairs(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const last = splitPair(pair).at(-1);
      if (last) return last;
      throw unpaired(pair, 'ROW=STUDYROW, for example --pair flip=flip-0.5');
    }),
  );
}

/** Compares a run folder with the study's result files. @throws MedbenchError as `compareWithStudy` and `readResults`. */
async function compareStudy(folder: string, { out, pair = [], json }: CompareOptions): Promise<void> {
  const wanted = parseStudyPairs(pair);
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
 * @throws MedbenchError('usage') unless exactly one of the second folder and `--with` is given.
 */
export async function compare(first: string, second: string | undefined, options: CompareOptions): Promise<number> {
  if (second !== undefined && options.with !== undefined) {
    throw new MedbenchError('usage', `compare has both a second folder, ${second}, and --with ${options.with}`, {
      hint: 'Give one of them.',
    });
  }
  if (options.with !== undefined) await compareStudy(first, options);
  else if (second !== undefined) await compareSources(first, second, options);
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
      'compare two runs, or a run with the figures of the study, cell by cell: which differences are significant',
    )
    .argument('<first>', 'run folder, results folder, or hf://datasets/OWNER/NAME[@REVISION]')
    .argument('[second]', 'another one; leave it out with --with')
    .addOption(new Option('--with <what>', "compare with the study's own result files instead").choices(['study']))
    .option(
      '--pair <row=row>',
      'compare only this row of the first with this row of the second, or of the study (repeatable)',
      collect,
    )
    .option('--out <file>', 'file of the HTML page', 'compare.html')
    .option('--json', 'machine-readable, instead of the table')
    .addHelpText(
      'after',
      `
Results that medbench push --results made are compared as the run itself is: their scores are read from the folder, or from
the hub into the cache.

Differences are tested if the runs have several seeds. With one training in each run, they are shown but not tested. Rows
of the same id are compared; --pair names two rows instead, of two runs or of one run that is given twice.

--with study sets the run beside the result files in the repository of arXiv:2406.07450. Rows are found by their settings;
there --pair names further pairs. The study's rows are clip, partial-image-7, flip-0.5, coca and filip. A figure lies within,
above or below by the 95 % interval of the difference, computed from the numbers of test examples. Figures of other test
sets and of generated data are shown but not judged.

Examples:
  medbench compare runs/freeze-0 runs/freeze-half --out freeze.html
  medbench compare runs/one runs/other --pair clip=slip
  medbench compare runs/mine hf://datasets/lab/clip-results
  medbench compare runs/flip --with study --out study.html
  medbench compare runs/flip --with study --pair flip:ratio=0.5=flip-0.5`,
    )
    .action(async (first, second, options) => done(await compare(first, second, options)));
};
