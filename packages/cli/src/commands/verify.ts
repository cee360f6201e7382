import { printable } from '@medbench/core';
import type { KeptState } from '@medbench/runner';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';
import { FLAG } from '../flags.js';

interface VerifyRunFlags {
  readonly data?: string;
  readonly config?: string;
  readonly results?: boolean;
  readonly json?: boolean;
}

const COLOURS = { current: pc.green, outdated: pc.yellow, damaged: pc.red, missing: pc.dim } as const;
const STATES = Object.keys(COLOURS) as readonly KeptState[];

/** Checks the results of a run folder by themselves: its figures are those of its cells, and follow from the scores in them. */
async function verifyWithoutData(dir: string, json: boolean | undefined): Promise<number> {
  const { readResultsFolder } = await import('@medbench/report');
  const { checked } = await readResultsFolder(dir);
  const { recomputed, withoutScores } = checked;
  if (json) console.log(JSON.stringify(checked, null, 1));
  else {
    console.log(`${pc.green('sound')}  results.json is what was written, and shows the figures of the cells`);
    console.log(`${recomputed} figures computed anew from the scores, ${withoutScores} cells without scores`);
  }
  return EXIT.ok;
}

const FILE_COLOURS = { intact: pc.green, damaged: pc.red, missing: pc.red, unlisted: pc.yellow } as const;

/** Verifies a results folder. @returns 0 if its files are those of the manifest and its figures follow from the scores. */
async function verifyPassedOn(dir: string, json: boolean | undefined): Promise<number> {
  const { verifyResults } = await import('@medbench/hub');
  const verified = await verifyResults(dir);
  const { files, recomputed, withoutScores, differences } = verified;
  const sound = differences.length === 0 && files.every(({ state }) => state === 'intact');
  if (json) console.log(JSON.stringify(verified, null, 1));
  else {
    for (const { state, file } of files) console.log(`${FILE_COLOURS[state](state.padEnd(8))}  ${printable(file)}`);
    for (const difference of differences) console.log(`${pc.red('differs')}   ${printable(difference)}`);
    const without = withoutScores.length > 0 ? `, ${withoutScores.length} cells without scores` : '';
    const differ = differences.length > 0 ? `, ${differences.length} do not follow from the scores` : '';
    console.log(`\n${files.length} files, ${recomputed} figures computed anew${differ}${without}`);
  }
  return sound ? EXIT.ok : EXIT.failed;
}

/**
 * Runs `medbench verify DIR`.
 * @returns 0 if everything in the run folder follows from what is there, or a results folder is sound, else 1.
 */
async function verify(dir: string, { results, json, ...options }: VerifyRunFlags): Promise<number> {
  const [{ isResultsFolder }, { isRemote }] = await Promise.all([
    import('@medbench/runner/scores'),
    import('@medbench/hub'),
  ]);
  if (isRemote(dir)) {
    const { openNamedResults } = await import('@medbench/api');
    return verifyPassedOn((await openNamedResults(dir)).folder, json);
  }
  if (isResultsFolder(dir)) return verifyPassedOn(dir, json);
  if (results) return verifyWithoutData(dir, json);
  const [{ verifyRun }, { readResults }] = await Promise.all([import('@medbench/api'), import('@medbench/report')]);
  const files = await verifyRun(dir, { ...options, log: (text) => console.error(pc.dim(printable(text))) });
  // Throws if the table is not that of the cells.
  if (files.every(({ state }) => state === 'current')) await readResults(dir);
  if (json) console.log(JSON.stringify(files, null, 1));
  else {
    for (const { state, file, changed } of files) {
      const why = changed.length > 0 ? `: other ${changed.join(', ')}` : '';
      console.log(`${COLOURS[state](state.padEnd(8))}  ${printable(file)}${why}`);
    }
    const counts = STATES.map((state) => [files.filter((file) => file.state === state).length, state] as const);
    console.log(`\n${counts.flatMap(([count, state]) => (count > 0 ? [`${count} ${state}`] : [])).join(', ')}`);
  }
  return files.every(({ state }) => state === 'current') ? EXIT.ok : EXIT.failed;
}

export const verifyCommand: DeclareCommand = (program, done) => {
  program
    .command('verify')
    .description('say whether the weights and figures of a run folder follow from the present data, code and settings')
    .argument('<dir>', 'run folder, or results of medbench push: a folder, or hf://datasets/OWNER/NAME[@REVISION]')
    .addOption(FLAG.data())
    .addOption(FLAG.config())
    .option('--results', 'check the results by themselves: needs neither the data nor the plugins of the run')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Each file is current, outdated (data, code or settings have changed since), damaged (it does not hold what was written)
or missing. Nothing is trained, measured or written; the same run command makes what is not current. Exit code 1 if
anything is not current, or results.json does not show the figures of the cells.

--results is for a run folder from elsewhere: nothing was changed after it was written, the table shows the figures of the cells,
and figures that are a mean of scores of test examples are that mean. Whether the data was what it should be, only the
check with the data can say.

In a results folder of medbench push, each file is intact or differs from the manifest, and every figure that scores, labels
and predictions suffice for is computed anew: means, confusion matrices, intervals of accuracies, and the tests. A figure
that does not follow is named. Neither data nor plugins are needed.

Examples:
  medbench verify runs/demo
  medbench verify --results results/lab-a
  medbench verify clip-results`,
    )
    .action(async (dir, options) => done(await verify(dir, options)));
};
