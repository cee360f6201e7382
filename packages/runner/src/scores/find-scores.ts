import type { ResultCell, TaskResult } from '@medbench/core';

/** The stored result behind a cell of the table, and the hash of its data. */
export interface CellScores {
  readonly data?: string | undefined;
  readonly result: TaskResult;
}

/** Looks up the stored result behind a cell of the table; undefined if there is none, or it has another figure. */
export type FindScores = (cell: ResultCell) => CellScores | undefined;
