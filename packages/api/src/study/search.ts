import { MedbenchError, type RunResults } from '@medbench/core';
import { type Config, type ConfigTree, linkCheckpoints, RunLayout } from '@medbench/runner';
import {
  meanFigure,
  planRungs,
  type SearchChoice,
  type StudySearch,
  type StudyVariant,
  searchCosts,
  searchRow,
  survivors,
  type VariantRun,
  withAlias,
} from '@medbench/studies';
import { loadReport } from '../load-report.js';

/** The search of one variant of a study, and how it executes runs. */
export interface VariantSearch {
  readonly search: StudySearch;
  readonly variant: StudyVariant;
  /** Settings of the variant, overridden by the flags. */
  readonly config: Config;
  readonly folder: string;
  /** Whether to train all values to the end as well. */
  readonly grid: boolean;
  /** Executes a run in a folder, with settings that override those of the variant. */
  readonly carryOut: (settings: ConfigTree, folder: string) => Promise<RunResults>;
  readonly message: (text: string) => void;
}

/** Settings of a rung: it only measures the candidates, on validation images. */
const rungTree = (methods: readonly string[], stopAt: number): ConfigTree => ({
  methods,
  controls: [],
  keepEmbeddings: false,
  leaks: { check: false },
  evaluation: { split: 'val' },
  training: { stopAt },
});

/**
 * Searches one method by successive halving. Each rung is a run folder; the next rung resumes the trainings of its
 * survivors.
 */
async function runHalving(
  request: VariantSearch,
  method: string,
): Promise<{ choice: SearchChoice; folders: string[] }> {
  const { search, variant, config, folder } = request;
  const { steps } = config.training;
  const plan = planRungs(search.values.length, steps, search.eta);
  const folders: string[] = [];
  const rungs: SearchChoice['rungs'][number][] = [];
  let remaining: readonly number[] = search.values;
  for (const [i, rung] of plan.entries()) {
    const rungFolder = new RunLayout(folder).rung(method, i + 1);
    const rows = remaining.map((value) => searchRow(search, method, value));
    for (const row of rows) if (i > 0) linkCheckpoints(folders[i - 1]!, rungFolder, row);
    request.message(`${variant.title}: ${rung.steps} of ${steps} steps with ${rows.join(', ')}`);
    const results = await request.carryOut(rungTree(rows, rung.steps), rungFolder);
    folders.push(rungFolder);
    const standings = remaining.map((value) => ({
      value,
      figure: meanFigure(results, searchRow(search, method, value)),
    }));
    if (standings.every(({ figure }) => Number.isNaN(figure))) {
      const error = results.cells.find(({ status }) => status === 'failed')?.error ?? 'no figure';
      throw new MedbenchError('evaluation', `No figure to choose ${search.setting} of ${method} by: ${error}`, {
        hint: `The runs are in ${rungFolder}.`,
      });
    }
    rungs.push({ ...rung, standings });
    remaining = survivors(standings, plan[i + 1]?.candidates ?? 1);
  }
  const costs = searchCosts(search, plan, steps);
  return {
    choice: { variant: { id: variant.id, title: variant.title }, method, value: remaining[0]!, rungs, ...costs },
    folders,
  };
}

/** Returns the value with the best figure on the test images. */
const findBestValue = (search: StudySearch, method: string, results: RunResults): number =>
  survivors(
    search.values.map((value) => ({ value, figure: meanFigure(results, searchRow(search, method, value)) })),
    1,
  )[0]!;

/**
 * Searches the setting of each method in one variant on validation images. Then measures the chosen value, the usual
 * value and the baseline on the test images.
 * @returns the run on the test images, in which the chosen value is the row `<method>:<setting>=chosen`.
 */
export async function searchVariant(request: VariantSearch): Promise<{ run: VariantRun; choices: SearchChoice[] }> {
  const { search, variant, folder, grid } = request;
  const halvings: { choice: SearchChoice; folders: string[] }[] = [];
  for (const method of search.methods) halvings.push(await runHalving(request, method));
  const rows = [search.baseline];
  for (const { choice, folders } of halvings) {
    const values = grid ? search.values : [...new Set([search.usual, choice.value])];
    for (const value of values) {
      const row = searchRow(search, choice.method, value);
      rows.push(row);
      // Link the longest training of each value: that of the chosen value is finished and is not repeated.
      for (const rung of [...folders].reverse()) linkCheckpoints(rung, folder, row);
    }
  }
  const results = await request.carryOut({ methods: rows }, folder);
  const { readComparisons, writeReport } = await loadReport();
  await writeReport(folder);
  let run: VariantRun = { variant, results, comparisons: (await readComparisons(folder, results)) ?? [] };
  const choices = halvings.map(({ choice }): SearchChoice => {
    const { method, value } = choice;
    const alias = (name: string, aliased: number): void => {
      const id = searchRow(search, method, name);
      run = withAlias(
        run,
        searchRow(search, method, aliased),
        { id, title: `${method}, ${search.setting} ${name}` },
        true,
      );
    };
    alias('chosen', value);
    if (!grid) return choice;
    const best = findBestValue(search, method, results);
    alias('best', best);
    return { ...choice, best };
  });
  if (!grid) {
    // The chosen value differs between variants. The joint table has it as one row `chosen`, not as one row per value.
    const shown = new Set([
      search.baseline,
      ...search.methods.flatMap((method) => [
        searchRow(search, method, search.usual),
        searchRow(search, method, 'chosen'),
      ]),
    ]);
    const keep = <T extends { readonly control: boolean }>(items: readonly T[], row: (item: T) => string): T[] =>
      items.filter((item) => item.control || shown.has(row(item)));
    const kept = {
      ...run.results,
      methods: keep(run.results.methods, ({ id }) => id),
      cells: keep(run.results.cells, ({ method }) => method),
    };
    run = { ...run, results: kept };
  }
  return { run, choices };
}
