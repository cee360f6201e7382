import type { ColumnComparisons, ResultCell, RowComparison, RunResults } from '@medbench/core';
import { PROTOCOLS } from './sample.js';

/** A made-up comparison with `clip`: the difference, the half width of its interval, and p within the column. */
export interface ClipComparison {
  readonly by: number;
  readonly half: number;
  readonly p: number;
  /** p before any correction. Default: a third of `p`. */
  readonly raw?: number;
}

export interface MadeUpRun {
  readonly rows: readonly { readonly id: string; readonly question: string }[];
  /** Each column's number of test examples, and each row's comparison with `clip`; rows may be `failed` or missing. */
  readonly columns: readonly {
    readonly task: string;
    readonly n?: number;
    readonly synthetic?: boolean;
    readonly against: Readonly<Record<string, ClipComparison | 'failed'>>;
  }[];
  readonly seeds?: readonly number[];
  readonly study?: NonNullable<RunResults['run']['study']>;
}

export const CLIP = { id: 'clip', question: 'baseline' } as const;
export const SLIP = { id: 'slip', question: 'unimodal' } as const;

/** Significantly better, significantly worse, no relevant difference, and too few examples to tell. */
export const WIN: ClipComparison = { by: 0.12, half: 0.03, p: 0.0003 };
export const LOSS: ClipComparison = { by: -0.12, half: 0.03, p: 0.0003 };
export const ALIKE: ClipComparison = { by: 0.004, half: 0.02, p: 0.9 };
export const UNSURE: ClipComparison = { by: 0.04, half: 0.09, p: 0.6 };

/** Makes the results and comparisons of a made-up run. */
export function makeUpRun({ rows, columns, seeds = [0, 1, 2], study }: MadeUpRun): {
  readonly results: RunResults;
  readonly comparisons: ColumnComparisons[];
} {
  const protocol = 'zero-shot' as const;
  const cells = columns.flatMap(({ task, n = 600, synthetic = false, against }) =>
    rows.flatMap(({ id: method }) =>
      seeds.map((seed): ResultCell => {
        const failed = against[method] === 'failed';
        const value = failed ? null : 0.5;
        const info = { method, control: false, task, protocol, seed, metric: 'accuracy', value };
        return {
          ...info,
          ci95: failed ? null : [0.46, 0.54],
          n: failed ? 0 : n,
          metrics: {},
          seconds: 1,
          status: failed ? 'failed' : 'ok',
          synthetic: synthetic && !failed,
        };
      }),
    ),
  );
  const comparisons = columns.map(
    ({ task, against }): ColumnComparisons => ({
      task,
      protocol,
      pairs: Object.entries(against).flatMap(([first, outcome]): RowComparison[] =>
        outcome === 'failed'
          ? []
          : [
              {
                first,
                second: 'clip',
                difference: outcome.by,
                ci95: [outcome.by - outcome.half, outcome.by + outcome.half],
                pValue: outcome.raw ?? outcome.p / 3,
                adjusted: outcome.p,
                test: seeds.length > 1 ? 'two-way-t' : 'mcnemar-mid-p',
              },
            ],
      ),
    }),
  );
  const results: RunResults = {
    schemaVersion: 1,
    run: {
      id: 'made-up',
      seed: 0,
      seeds,
      backend: 'compiled',
      preset: 'none',
      synthetic: cells.some((cell) => cell.synthetic),
      corpora: [],
      settings: {},
      versions: {},
      command: 'medbench run',
      ...(study ? { study } : {}),
    },
    methods: rows.map((row) => ({ ...row, title: row.id, extension: false, control: false })),
    tasks: columns.map(({ task }) => ({ id: task, title: task, modality: 'radiology', protocols: [protocol] })),
    protocols: PROTOCOLS,
    training: [],
    cells,
    statistics: { level: 0.05, columns: [], ranks: null },
  };
  return { results, comparisons };
}
