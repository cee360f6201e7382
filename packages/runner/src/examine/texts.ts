import { isMissingMark } from '@medbench/data';
import type { DataProblem } from './problem.js';

/** Finds texts that are empty or only say that there is none. */
export function checkTexts(split: string, texts: Iterable<string>): DataProblem[] {
  let count = 0;
  let total = 0;
  let first: number | undefined;
  for (const text of texts) {
    if (text.trim() === '' || isMissingMark(text)) {
      count++;
      first ??= total;
    }
    total++;
  }
  if (first === undefined) return [];
  return [
    {
      ...{ severity: 'error', check: 'texts', count },
      message: `${split}: ${count} of ${total} texts are empty, or read nan, None or null`,
      example: `${split} text ${first} (counted from 0)`,
      remedy: 'Correct the rows or take them out: a table was probably written with missing values.',
    },
  ];
}
