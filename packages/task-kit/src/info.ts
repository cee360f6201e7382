import { type DataContext, MedbenchError, pluginMetadata, type TaskInfo } from '@medbench/core';
import { isGenerated } from '@medbench/formats';

/**
 * The info that a decorated task class declares.
 * @throws MedbenchError('plugin') if the class carries no `@Task`.
 */
export function taskInfo(task: object): TaskInfo {
  const metadata = pluginMetadata(task.constructor);
  if (metadata?.kind === 'task') return metadata.info as TaskInfo;
  throw new MedbenchError('plugin', `${task.constructor.name} carries no @Task decorator`);
}

/** Whether the data folder of a context is marked as generated. */
export const isSynthetic = ({ dataRoot }: DataContext): Promise<boolean> => isGenerated(dataRoot);

/** Number of examples of each label, in label order. */
export function countLabels(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
