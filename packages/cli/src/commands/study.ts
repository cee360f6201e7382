import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ColumnComparisons, type RunResults, writeFileAtomic } from '@medbench/core';
import { readTreeFile, unknownId } from '@medbench/core/discovery';
import { mergeTrees, RunStore } from '@medbench/core/runtime';
import { answersOf, readComparisons, writeReport } from '@medbench/report';
import { checkStudy, joinRuns, partsOf, recordOf, STUDIES, type Study, type VariantRun } from '@medbench/studies';
import { carryOut } from '../carry-out.js';
import { type ConsoleObserver, consoleObserver } from '../progress.js';
import { configOf, openWorkspace, type Workspace } from '../workspace.js';
import { commandOf, exitCode, flagTree, interruption, printResults, type RunOptions } from './run.js';

export type StudyOptions = Omit<RunOptions, 'out' | 'embeddings'> & { readonly out?: string };

/** @throws MedbenchError('unknown-id') for neither the id of a study nor a file; ('config') for a file that is no study. */
async function findStudy(which: string, cwd: string): Promise<Study> {
  const shipped = STUDIES.find(({ id }) => id === which);
  if (shipped) return shipped;
  const file = resolve(cwd, which);
  if (!existsSync(file)) {
    throw unknownId(
      'study',
      which,
      STUDIES.map(({ id }) => id),
      'medbench list studies, or the path of a study file',
    );
  }
  const { path, tree } = await readTreeFile(file, 'study');
  return checkStudy(tree, path);
}

/** What all runs of a study have in common. */
interface Setting {
  readonly study: Study;
  readonly options: RunOptions;
  readonly workspace: Workspace;
  readonly folder: string;
  readonly command: string;
  readonly observer: ConsoleObserver;
  readonly signal: AbortSignal;
}

/** Carries out the runs of a study, each in a folder of its own if there are several; the joint table lies above them. */
async function runParts({ study, options, workspace, folder, command, ...rest }: Setting): Promise<RunResults> {
  const flags = flagTree(options, []);
  const preset = [flags.preset, study.config?.preset, workspace.file?.tree.preset].find((one) => one != null);
  const record = recordOf(study);
  const runs: VariantRun[] = [];
  for (const { variant, config: own } of partsOf(study, preset === undefined ? undefined : String(preset))) {
    const config = await configOf(workspace, mergeTrees(own, flags));
    const job = { workspace, config, command, ...rest };
    if (!variant) return carryOut({ ...job, folder, study: record });
    rest.observer.message(`${study.id}: ${variant.title}`);
    const within = join(folder, variant.id);
    const results = await carryOut({ ...job, folder: within, study: { ...record, variants: [] } });
    await writeReport(within);
    runs.push({ variant, results, comparisons: (await readComparisons(within)) ?? [] });
  }
  const joint = joinRuns(runs, record, command);
  await writeJoint(folder, joint);
  return joint.results;
}

async function writeJoint(
  folder: string,
  { results, comparisons }: { results: RunResults; comparisons: readonly ColumnComparisons[] },
): Promise<void> {
  const store = RunStore.open(folder);
  try {
    store.writeJson(comparisons, 'comparisons.json');
    store.writeResults(results);
  } finally {
    store.close();
  }
}

/**
 * `medbench study ID|FILE`: the runs of a study, the joint report, and its answers on stdout.
 * @returns the exit code: 0 if every cell succeeded, 1 if some failed.
 */
export async function study(which: string, given: StudyOptions): Promise<number> {
  const cwd = process.cwd();
  const found = await findStudy(which, cwd);
  const options: RunOptions = { ...given, out: given.out ?? join('runs', found.id) };
  const workspace = await openWorkspace(cwd, options.config);
  const folder = resolve(cwd, options.out);
  const command = commandOf(options, `study ${which}`);
  const observer = consoleObserver(process.stderr);
  const began = performance.now();
  try {
    const results = await runParts({
      study: found,
      options,
      workspace,
      folder,
      command,
      observer,
      signal: interruption(),
    });
    const { html } = await writeReport(folder);
    const answers = answersOf(results, await readComparisons(folder));
    const { id, title, question } = found;
    const seconds = Math.round((performance.now() - began) / 1000);
    // The time of this call: a study that goes on with what it had takes less.
    await writeFileAtomic(
      join(folder, 'study.json'),
      `${JSON.stringify({ id, title, question, seconds, answers }, null, 1)}\n`,
    );
    observer.finished(`Results in ${join(options.out, 'results.json')}, results.csv and ${html}`);
    await printResults(results, options.json);
    if (!options.json) for (const answer of answers) console.log(`\n${answer.question}\n  ${answer.sentence}`);
    return exitCode(results);
  } finally {
    observer.finished();
  }
}
