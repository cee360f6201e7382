import type { MeasuredStep } from '@medbench/api';

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;

/**
 * Says which backend computed the step of a row fastest on this machine, and by how much.
 * @param described whether to name the encoders, the batch size and the threads.
 */
export function renderMeasured({ row, encoders, batchSize, threads, times }: MeasuredStep, described: boolean): string {
  const [best, next] = times;
  const of = described
    ? ` (${encoders.image} and ${encoders.text}, batch size ${batchSize}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`
    : '';
  const list = times.map(({ backend, ms }) => `${backend} ${milliseconds(ms)}`).join(', ');
  return `${row}${of}: ${list} per step; ${best!.backend} is ${(next!.ms / best!.ms).toFixed(2)} times as fast as ${next!.backend}`;
}
