import { openParquet } from '@medbench/formats';
import { type PassedOnScores, SCORE_COLUMNS, ScoreReader, scoreLines } from './score-rows.js';
import { encodeTable } from './table.js';

/** Encodes the scores of a task as `scores/<task>.parquet`. The same scores give the same bytes. */
export function encodeScores(scores: readonly PassedOnScores[]): Promise<Uint8Array> {
  return encodeTable(SCORE_COLUMNS, scoreLines(scores));
}

/**
 * Reads the scores of a task.
 * @throws MedbenchError('data') if the file is damaged; ('store') naming the line that does not fit.
 */
export async function readScoreFile(path: string): Promise<PassedOnScores[]> {
  const names = Object.keys(SCORE_COLUMNS);
  const table = await openParquet([path], names);
  const reader = new ScoreReader(path);
  let number = 0;
  for await (const lines of table.eachGroup(names)) for (const line of lines) reader.add(line, number++);
  return reader.read();
}
