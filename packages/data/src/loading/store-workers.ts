import { availableParallelism } from 'node:os';
import type { Tinypool } from 'tinypool';
import { type SourceImage, type StoredForm, storedJpeg } from '../stored-jpeg.js';
import { type Failure, restoreError } from './failure.js';
import { startPool } from './pool.js';
import type { StoreJob } from './worker.js';
import { workerFile } from './worker-file.js';

/** Encodes images for training, on threads of its own or on the calling one. */
export interface StoreWorkers {
  /** Number of images in work at the same time. */
  readonly count: number;
  /** `storedJpeg` on a thread. The image's buffer stays as it is. @throws as `storedJpeg`. */
  run(image: SourceImage): Promise<Uint8Array>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** @param count number of threads, 0 for none. The bytes do not depend on it. Default: one for each core. */
export function storeWorkers(form: StoredForm, count = availableParallelism()): StoreWorkers {
  const file = count > 0 ? workerFile(import.meta.url, '@medbench/data') : undefined;
  if (!file) return { count: 1, run: (image) => storedJpeg(image, form), close: async () => undefined };
  let pool: Promise<Tinypool> | undefined;
  return {
    count,
    async run(image) {
      pool ??= startPool(file, count);
      const job: StoreJob = { image, form };
      const answer = (await (await pool).run(job, { name: 'store' })) as Uint8Array | { readonly failed: Failure };
      if ('failed' in answer) throw restoreError(answer.failed);
      return answer;
    },
    async close() {
      await (await pool)?.destroy();
      pool = undefined;
    },
  };
}
