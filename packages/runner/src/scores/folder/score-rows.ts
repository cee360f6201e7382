import type { ScoredPart, TaskResult } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { renumberGroups } from '@medbench/evaluation';

/** The scores of one row, seed and protocol on the test examples of a task, as they are passed on. */
export interface PassedOnScores {
  readonly row: string;
  readonly control: boolean;
  readonly seed: number;
  readonly protocol: string;
  /** Hash of the data. */
  readonly data?: string | undefined;
  readonly result: Pick<TaskResult, 'metric' | 'perExample' | 'scores' | 'groups' | 'parts' | 'labels' | 'predictions'>;
}

/**
 * Columns of `scores/<task>.parquet` in the types of Parquet: a line per test example. Lines of a `part` hold the examples
 * that another metric is of. `score` is what the metric is the mean of, and null where no such scores exist; `hit` is 1 for
 * a right and 0 for a wrong answer, or a share of right ones. Groups are numbered by their first appearance.
 */
export const SCORE_COLUMNS = {
  row: 'STRING',
  control: 'BOOLEAN',
  seed: 'INT32',
  protocol: 'STRING',
  metric: 'STRING',
  part: 'BOOLEAN',
  example: 'INT32',
  score: 'DOUBLE',
  hit: 'DOUBLE',
  group: 'INT32',
  label: 'INT32',
  prediction: 'INT32',
  data: 'STRING',
} as const;

type ColumnName = keyof typeof SCORE_COLUMNS;
type Line = Readonly<Record<ColumnName, string | number | boolean | null>>;

/** The lines of scores, in their order. */
export function* scoreLines(scores: readonly PassedOnScores[]): Generator<Line> {
  for (const { row, control, seed, protocol, data = null, result } of scores) {
    const { metric, perExample, scores: weighted = perExample, parts = [], labels, predictions } = result;
    const groups = result.groups && renumberGroups(result.groups);
    const of = { row, control, seed, protocol, data };
    for (const [example, hit] of perExample.entries()) {
      const answer = { label: labels?.[example] ?? null, prediction: predictions?.[example] ?? null };
      const group = groups?.[example] ?? null;
      yield { ...of, metric, part: false, example, score: weighted[example] ?? null, hit, group, ...answer };
    }
    const none = { hit: null, group: null, label: null, prediction: null };
    for (const part of parts) {
      for (const [i, example] of part.examples.entries()) {
        yield { ...of, metric: part.metric, part: true, example, score: part.scores[i]!, ...none };
      }
    }
  }
}

interface Gathered {
  readonly of: Omit<PassedOnScores, 'result'>;
  readonly metric: string;
  readonly columns: Readonly<Record<'score' | 'hit' | 'group' | 'label' | 'prediction', (number | null)[]>>;
  readonly parts: Map<string, { readonly metric: string; readonly examples: number[]; readonly scores: number[] }>;
}

/** The values of a column that has one for every example; undefined if it has none. */
function complete(values: readonly (number | null)[]): number[] | undefined {
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? known : undefined;
}

/** Gathers lines that anybody may have written into scores. */
export class ScoreReader {
  readonly #scores = new Map<string, Gathered>();

  /** @param file for messages. */
  constructor(private readonly file: string) {}

  /** @throws MedbenchError('store') naming the line that does not follow from those before it. */
  add(line: Readonly<Record<string, unknown>>, number: number): void {
    const fault = (column: string): MedbenchError =>
      new MedbenchError('store', `${this.file}, line ${number + 1}: ${column} does not fit the lines before it`, {
        hint: 'The file was not written by medbench push. Download it again.',
      });
    const text = (name: ColumnName): string => {
      if (typeof line[name] === 'string') return line[name];
      throw fault(name);
    };
    const count = (name: ColumnName): number => {
      if (Number.isSafeInteger(line[name])) return line[name] as number;
      throw fault(name);
    };
    const value = (name: ColumnName): number | null => {
      if (line[name] === null || Number.isFinite(line[name])) return line[name] as number | null;
      throw fault(name);
    };
    const [row, seed, protocol, metric] = [text('row'), count('seed'), text('protocol'), text('metric')];
    const data = line.data === null ? undefined : text('data');
    const key = JSON.stringify([row, seed, protocol]);
    const before = this.#scores.get(key);
    const example = count('example');
    if (line.part === true) {
      const score = value('score');
      if (!before || score === null || !(example >= 0 && example < before.columns.hit.length)) throw fault('example');
      const part = before.parts.get(metric) ?? { metric, examples: [], scores: [] };
      before.parts.set(metric, part);
      part.examples.push(example);
      part.scores.push(score);
      return;
    }
    const gathered: Gathered = before ?? {
      of: { row, control: line.control === true, seed, protocol, data },
      metric,
      columns: { score: [], hit: [], group: [], label: [], prediction: [] },
      parts: new Map(),
    };
    this.#scores.set(key, gathered);
    const { columns } = gathered;
    if (gathered.metric !== metric || value('hit') === null) throw fault('metric');
    if (example !== columns.hit.length) throw fault('example');
    for (const name of ['score', 'hit', 'group', 'label', 'prediction'] as const) columns[name].push(value(name));
  }

  /** The scores in the order of their first lines. */
  read(): PassedOnScores[] {
    return [...this.#scores.values()].map(({ of, metric, columns, parts }) => {
      const [groups, labels, predictions] = (['group', 'label', 'prediction'] as const).map((name) =>
        complete(columns[name]),
      );
      const listed: ScoredPart[] = [...parts.values()];
      return {
        ...of,
        result: {
          metric,
          perExample: complete(columns.hit)!,
          scores: complete(columns.score) ?? [],
          ...(groups ? { groups } : {}),
          ...(labels ? { labels } : {}),
          ...(predictions ? { predictions } : {}),
          ...(listed.length > 0 ? { parts: listed } : {}),
        },
      };
    });
  }
}
