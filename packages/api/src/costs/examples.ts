import type { Plan } from '@medbench/runner';
import type { MeasuredCell, Measurements } from './measure/record.js';

/**
 * Number of examples of a task that its protocols see: of its data, or the published number if generated data took its
 * place.
 */
export function countExamples(
  { tasks }: Pick<Plan, 'tasks'>,
  { missing }: Pick<Measurements, 'missing'>,
  { task: id, total }: Pick<MeasuredCell, 'task' | 'total'>,
): number {
  const info = tasks.find((task) => task.id === id)?.info;
  if (!info || missing.length === 0 || info.access === 'generated') return total;
  const { train, val, test } = info.splits;
  const published = info.kind === 'retrieval' ? test : info.kind === 'vqa' ? train + test : train + val + test;
  return published > 0 ? published : total;
}
