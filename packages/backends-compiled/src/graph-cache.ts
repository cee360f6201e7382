import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramCache } from '@medbench/backend-trace';
import { ensureFolder } from '@medbench/core';
import { restoreNodeOrder } from './graph/reorder.js';

/** A folder of graphs that ONNX Runtime has optimized. */
export class GraphCache extends ProgramCache {
  /** @param dependencies further parts of the cache key, such as versions and settings. */
  constructor(folder: string, dependencies: readonly string[], log: (message: string) => void) {
    super({ folder, suffix: '.onnx.gz', dependencies, log });
  }

  /**
   * Path of a temporary file that ONNX Runtime may write for `writeFrom`.
   * @throws MedbenchError if the folder cannot be made.
   */
  async scratch(): Promise<string> {
    await ensureFolder(this.folder);
    return join(this.folder, `${randomUUID()}.onnx`);
  }

  /**
   * Caches the graph that ONNX Runtime wrote to `scratch`. If the folder is not writable, it logs that and continues.
   */
  async writeFrom(model: Uint8Array, scratch: string): Promise<void> {
    await this.write(model, async () => restoreNodeOrder(model, await readFile(scratch)));
    await rm(scratch, { force: true });
  }
}
