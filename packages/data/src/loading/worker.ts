import { Tinypool } from 'tinypool';
import { type BatchJob, makeBatch } from './job.js';

/** What a worker of `batchWorkers` runs: `makeBatch`, with arrays that are handed over, not copied. */
export async function run(job: BatchJob): Promise<unknown> {
  const parts = await makeBatch(job);
  const arrays = [parts.images, ...parts.inputs].map(({ buffer }) => buffer);
  const answer = { [Tinypool.transferableSymbol]: arrays, [Tinypool.valueSymbol]: parts };
  return Tinypool.move(answer as unknown as ArrayBuffer);
}
