import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type ColumnComparisons,
  MedbenchError,
  type RunResults,
  type StudyRecord,
  writeFileAtomic,
} from '@medbench/core';
import { unknownIdError } from '@medbench/core/catalogue';
import type { QuestionAnswer } from '@medbench/report';
import {
  type ConfigTree,
  GENERAL,
  linkCheckpoints,
  mergeTrees,
  RunLayout,
  type RunObserver,
  RunStore,
} from '@medbench/runner';
import { presetIds, readTreeFile } from '@medbench/runner/workspace';
import {
  checkStudy,
  joinRuns,
  type SearchChoice,
  STUDIES,
  type Study,
  searchQuestions,
  studyParts,
  studyRecord,
  type VariantRun,
} from '@medbench/studies';
import { carryOut } from '../carry-out.js';
import { loadReport } from '../load-report.js';
import {
  type BenchmarkOptions,
  type FinishedRun,
  type RunControl,
  SILENT_OBSERVER,
  settingsTree,
  workingFolder,
} from '../options.js';
import {
  choosePresets,
  namedFolder,
  openWorkspace,
  printPresetNotes,
  readConfig,
  type Workspace,
} from '../workspace.js';
import { searchVariant } from './search.js';

/**
 * Finds a study by its id or its file.
 * @throws MedbenchError('unknown-id') if it is neither the id of a study nor a file; ('config') for a file that is not
 *   a study.
 */
export async function findStudy(which: string, cwd: string): Promise<Study> {
  const shipped = STUDIES.find(({ id }) => id === which);
  if (shipped) return shipped;
  const file = resolve(cwd, which);
  if (!existsSync(file)) {
    throw unknownIdError(
      'study',
      which,
      STUDIES.map(({ id }) => id),
      'medbench list studies, or the path of a study file',
    );
  }
  const { path, tree } = await readTreeFile(file, 'study');
  return checkStudy(tree, path);
}

/** The set-up that all runs of a study share. */
interface StudySetup {
  readonly study: Study;
  readonly options: BenchmarkOptions;
  readonly grid: boolean;
  readonly workspace: Workspace;
  readonly folder: string;
  readonly command: string;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  readonly jobs: number | undefined;
  readonly launcher: string | undefined;
  readonly workCommand: readonly string[] | undefined;
}

/** Executes the runs of a study. With several variants each has its own folder below the joint table. */
async function runParts({
  study,
  options,
  grid,
  workspace,
  folder,
  command,
  ...rest
}: StudySetup): Promise<RunResults> {
  const flags = settingsTree(options);
  const preset = [flags.preset, study.config?.preset, workspace.file?.tree.preset].find((ids) => ids != null);
  printPresetNotes(choosePresets(workspace, { preset }));
  let record = studyRecord(study);
  const variantRecord = { ...record, variants: [] };
  const runs: VariantRun[] = [];
  const choices: SearchChoice[] = [];
  // General-domain weights are trained once, and reused by every variant whose towers they fit.
  let firstFolder: string | undefined;
  for (const { variant, config: partConfig } of studyParts(study, presetIds(preset))) {
    const runInFolder = async (extra: ConfigTree, runFolder: string, runRecord: StudyRecord): Promise<RunResults> => {
      if (firstFolder !== undefined) linkCheckpoints(firstFolder, runFolder, GENERAL);
      firstFolder ??= runFolder;
      const config = await readConfig(workspace, mergeTrees(partConfig, flags, extra));
      return carryOut({ workspace, config, command, folder: runFolder, study: runRecord, ...rest });
    };
    if (!variant) return runInFolder({}, folder, record);
    rest.observer.message(`${study.id}: ${variant.title}`);
    const variantFolder = new RunLayout(folder).variant(variant.id);
    if (study.search) {
      const { search } = study;
      const config = await readConfig(workspace, mergeTrees(partConfig, flags));
      const carryOut = (extra: ConfigTree, runFolder: string): Promise<RunResults> =>
        runInFolder(extra, runFolder, variantRecord);
      const message = (text: string): void => rest.observer.message(text);
      const outcome = await searchVariant({ search, variant, config, folder: variantFolder, grid, carryOut, message });
      runs.push(outcome.run);
      choices.push(...outcome.choices);
    } else {
      const results = await runInFolder({}, variantFolder, variantRecord);
      const { readComparisons, writeReport } = await loadReport();
      await writeReport(variantFolder);
      runs.push({ variant, results, comparisons: (await readComparisons(variantFolder, results)) ?? [] });
    }
  }
  if (study.search) record = { ...record, questions: searchQuestions(study.search, choices, grid) };
  const joint = joinRuns(runs, record, command);
  await writeJoint(folder, joint, choices);
  return joint.results;
}

/** Writes the joint results of a study's variants into its folder. */
async function writeJoint(
  folder: string,
  { results, comparisons }: { results: RunResults; comparisons: readonly ColumnComparisons[] },
  choices: readonly SearchChoice[],
): Promise<void> {
  const store = RunStore.open(folder);
  try {
    store.writeJson(store.layout.comparisons, comparisons);
    store.writeResults(results);
    if (choices.length > 0) store.writeJson(store.layout.search, choices);
  } finally {
    store.close();
  }
}

/** Options of a study. */
export type StudyOptions = Omit<BenchmarkOptions, 'embeddings' | 'base'> &
  Omit<RunControl, 'clock'> & {
    /** Folder of the study. Default `runs/<id>`. */
    readonly out?: string | undefined;
    /** For a study with a search: also train every value to the end. */
    readonly grid?: boolean | undefined;
  };

/** The outcome of a finished study. */
export interface FinishedStudy extends FinishedRun {
  readonly answers: readonly QuestionAnswer[];
}

/**
 * Executes a study: its runs, the joint report and the answers to its questions. Whatever is finished in its folder is
 * reused.
 * @param which the id of a study (`medbench list studies`), or the path of a study file.
 * @throws MedbenchError('unknown-id') if it is neither; ('usage') for `grid` if the study has no search; and as
 *   `benchmark`.
 */
export async function study(which: string, options: StudyOptions = {}): Promise<FinishedStudy> {
  const cwd = workingFolder(options);
  const definition = await findStudy(which, cwd);
  const { grid = false, observer = SILENT_OBSERVER, signal = new AbortController().signal } = options;
  const { command = `study(${JSON.stringify(which)})`, jobs, launcher, workCommand } = options;
  if (grid && !definition.search) {
    throw new MedbenchError('usage', `The study ${definition.id} has no search, so it has no grid`, {
      hint: 'Leave out --grid.',
    });
  }
  const workspace = await openWorkspace(cwd, options.config);
  const folder = namedFolder(cwd, options.out ?? join('runs', definition.id));
  const began = performance.now();
  const control = { command, observer, signal, jobs, launcher, workCommand };
  const results = await runParts({ study: definition, options, grid, workspace, folder, ...control });
  const { answerQuestions, readComparisons, writeReport } = await loadReport();
  const { html } = await writeReport(folder);
  const answers = answerQuestions(results, await readComparisons(folder, results));
  const { id, title, question } = definition;
  const seconds = Math.round((performance.now() - began) / 1000);
  // The seconds of this call only: a resumed study takes less time.
  await writeFileAtomic(
    new RunLayout(folder).study,
    `${JSON.stringify({ id, title, question, seconds, answers }, null, 1)}\n`,
  );
  return { results, folder, html, answers };
}
