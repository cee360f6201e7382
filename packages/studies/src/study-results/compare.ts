import {
  type ConfidenceInterval,
  MedbenchError,
  type ProtocolId,
  type ResultCell,
  type RunResults,
} from '@medbench/core';
import { medbenchMetric, type StudyResult, type StudyResults } from './data.js';
import { listDoubts, type StudyDoubt } from './doubts.js';
import { differenceInterval, figureInterval, type IntervalContext } from './intervals.js';
import { pairRows } from './pair.js';
import { listStudySettings, type StudySetting } from './settings.js';

/**
 * Where a figure of a run lies beside the study's:
 * - `within`: the 95 % interval of the difference includes 0; `above`, `below`: it does not;
 * - `no interval`: n does not give an interval of this metric;
 * - `not judged`: both figures are there, of other test data;
 * - `not in the run`: the run has no such figure, or its cell failed.
 */
export type StudyVerdict = 'within' | 'above' | 'below' | 'no interval' | 'not judged' | 'not in the run';

/** A figure of the study beside that of a run. */
export interface StudyCell {
  /** Id of the run's row, and of the study's row that it is compared with. */
  readonly row: string;
  readonly studyRow: string;
  readonly task: string;
  readonly protocol: ProtocolId;
  /** medbench's name of the metric. */
  readonly metric: string;
  readonly study: {
    readonly value: number;
    readonly n: number;
    /** 95 % interval from n; null if n does not give one. */
    readonly interval: ConfidenceInterval | null;
    /** Id of the job whose result file has the figure. */
    readonly job: string;
  };
  /** The run's figure, a mean over its seeds; null if it has none. */
  readonly run: {
    /** The metric that was read: `accuracy_projected`, if a probe has both. */
    readonly metric: string;
    readonly value: number;
    readonly n: number;
    readonly interval: ConfidenceInterval | null;
    readonly seeds: readonly number[];
    /** Whether any data behind the figure was generated. */
    readonly synthetic: boolean;
  } | null;
  /** The run's figure minus the study's; null without a figure of the run. */
  readonly difference: number | null;
  /** 95 % interval of the difference; null if it was not judged. */
  readonly differenceInterval: ConfidenceInterval | null;
  readonly verdict: StudyVerdict;
  /** Reason why the figure was not judged, has no interval or is not in the run. */
  readonly reason?: string;
  /** Reasons to doubt the study's figure. */
  readonly doubts: readonly StudyDoubt[];
}

/** A run beside the result files of the study. */
export interface StudyComparison {
  readonly source: StudyResults['source'];
  readonly pairs: readonly {
    readonly row: string;
    readonly studyRow: string;
    readonly studyTitle: string;
    readonly checkpoint: string;
    readonly epoch: number;
    readonly by: 'settings' | 'id' | 'user';
  }[];
  /** One for each figure of the paired rows of the study. */
  readonly cells: readonly StudyCell[];
  /** Ids of the run's methods without a row of the study, and the reverse. */
  readonly alone: { readonly run: readonly string[]; readonly study: readonly string[] };
  readonly settings: readonly StudySetting[];
}

type RunFigure = NonNullable<StudyCell['run']>;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Name of the metric of a run that corresponds to the study's. The study probes features after the projection. */
function findMetricName(cells: readonly ResultCell[], metric: string): string | undefined {
  const hasAll = (name: string): boolean => cells.every(({ metrics }) => Number.isFinite(metrics[name]?.value));
  return [`${metric}_projected`, metric].find(hasAll);
}

/** Numbers of test examples behind a figure: both galleries of a retrieval, else n. */
const listSizes = ({ n, retrieval }: ResultCell): number[] => (retrieval ? [retrieval.images, retrieval.texts] : [n]);

/** Reads the run's figure. @returns the figure, or the reason why there is none. */
function readFigure(cells: readonly ResultCell[], metric: string, context: IntervalContext): RunFigure | string {
  if (cells.length === 0) return 'the run did not measure it';
  const measured = cells.filter(({ status }) => status === 'ok');
  if (measured.length === 0) return `failed in the run: ${cells[0]!.error ?? 'no reason given'}`;
  const name = findMetricName(measured, metric);
  if (name === undefined) return `the run’s cell has no ${metric}`;
  const value = mean(measured.map(({ metrics }) => metrics[name]!.value));
  const [first] = measured as [ResultCell];
  const n = metric.startsWith('t2i_') ? (first.retrieval?.texts ?? first.n) : (first.retrieval?.images ?? first.n);
  const interval = figureInterval(metric, value, { ...context, n });
  return {
    metric: name,
    value,
    n,
    interval: typeof interval === 'string' ? null : interval,
    seeds: measured.map(({ seed }) => seed).sort((a, b) => a - b),
    synthetic: measured.some(({ synthetic }) => synthetic),
  };
}

/** Reason why the figures cannot be judged; undefined if they can. */
function findObstacle(results: RunResults, cells: readonly ResultCell[], study: StudyResult): string | undefined {
  if (cells.some(({ synthetic }) => synthetic)) return 'generated data';
  if (results.run.settings['evaluation.split'] === 'val') return 'measured on the validation split';
  const sizes = [...new Set(cells.filter(({ status }) => status === 'ok').flatMap(listSizes))];
  if (sizes.some((size) => size !== study.n))
    return `another test set: ${sizes.join(' and ')} examples, in the study ${study.n}`;
  return undefined;
}

function compareFigure(
  results: RunResults,
  study: StudyResults,
  { row, result, name }: { readonly row: string; readonly result: StudyResult; readonly name: string },
): StudyCell {
  const { task, protocol, n, job, row: studyRow } = result;
  const metric = medbenchMetric(name);
  const value = result.metrics[name]!;
  const { classes, positives } = study.tasks[task] ?? {};
  const context = { n, classes, positives };
  const interval = figureInterval(metric, value, context);
  const cells = results.cells.filter((cell) => cell.method === row && cell.task === task && cell.protocol === protocol);
  const figure = readFigure(cells, metric, context);
  const described = {
    row,
    studyRow,
    task,
    protocol,
    metric,
    study: { value, n, interval: typeof interval === 'string' ? null : interval, job },
    doubts: listDoubts(study, result, name),
  };
  if (typeof figure === 'string') {
    const nothing = { run: null, difference: null, differenceInterval: null };
    return { ...described, ...nothing, verdict: 'not in the run', reason: figure };
  }
  const difference = figure.value - value;
  const unjudged = (run: RunFigure, verdict: StudyVerdict, reason: string): StudyCell => ({
    ...described,
    ...{ run, difference, differenceInterval: null, verdict, reason },
  });
  const obstacle = findObstacle(results, cells, result);
  // Class counts of the study are not those of another test set.
  if (obstacle !== undefined) {
    const own = metric === 'auc' ? null : figure.interval;
    return unjudged({ ...figure, interval: own }, 'not judged', obstacle);
  }
  if (typeof interval === 'string') return unjudged(figure, 'no interval', interval);
  if (figure.interval === null) return unjudged(figure, 'no interval', 'the run’s figure has no interval');
  const bounds = differenceInterval({ value: figure.value, interval: figure.interval }, { value, interval });
  const verdict = bounds[0] > 0 ? 'above' : bounds[1] < 0 ? 'below' : 'within';
  return { ...described, run: figure, difference, differenceInterval: bounds, verdict };
}

/** The results of a row of the study. Files of two jobs with the same figures count once. */
function listResults({ results }: StudyResults, row: string): StudyResult[] {
  const unique = new Map<string, StudyResult>();
  for (const result of results) {
    if (result.row !== row) continue;
    const key = JSON.stringify([result.task, result.protocol, result.metrics]);
    if (!unique.has(key)) unique.set(key, result);
  }
  return [...unique.values()];
}

/**
 * Sets the figures of a run beside those of the study's result files. A figure of the run is `within` if the 95 %
 * interval of the difference includes 0 (`differenceInterval`), with both intervals computed from n (`figureInterval`).
 *
 * Assumed: both test sets are samples of the same kind, and both figures are independent. On the same test examples
 * they are not, which makes the interval too wide: `above` and `below` are then safe, `within` is given too easily.
 * Examples of one patient count as independent. The intervals are of test examples alone: the study trained each row
 * once, so a figure outside shows that two models differ, and another training might lie within. Nothing is corrected
 * for the number of figures: of those that are alike, 5 in 100 lie outside.
 *
 * Several seeds of the run are averaged, with the interval of a single training. Where the numbers of examples differ,
 * on generated data and on a validation split, nothing is judged.
 *
 * @param pairs ids of the study's rows by ids of the run's rows, beside those that are found (`pairRows`).
 * @throws MedbenchError('unknown-id') for an unknown row; ('usage') for results of several variants.
 */
export function compareWithStudy(
  results: RunResults,
  study: StudyResults,
  pairs: Readonly<Record<string, string>> = {},
): StudyComparison {
  if (results.tasks.some(({ variant }) => variant !== undefined)) {
    throw new MedbenchError('usage', 'The run has several variants, whose tasks are not those of the study', {
      hint: 'Name the folder of one variant, which lies in the folder of the run.',
    });
  }
  const found = pairRows(results, study, pairs);
  return {
    source: study.source,
    pairs: found.map(({ row, by, study: { id, title, checkpoint, epoch } }) => ({
      ...{ row, studyRow: id, studyTitle: title, checkpoint, epoch, by },
    })),
    cells: found.flatMap(({ row, study: { id } }) =>
      listResults(study, id).flatMap((result) =>
        Object.keys(result.metrics).map((name) => compareFigure(results, study, { row, result, name })),
      ),
    ),
    alone: {
      run: results.methods
        .filter(({ id, control }) => !control && !found.some(({ row }) => row === id))
        .map(({ id }) => id),
      study: study.rows.filter(({ id }) => !found.some((pair) => pair.study.id === id)).map(({ id }) => id),
    },
    settings: listStudySettings(results),
  };
}
