import type { PhantomManifest } from '../manifest.js';
import { PARTS } from './parts.js';

/** One file or folder of the set, to be written by a worker. */
export interface PartJob {
  /** Name of the part, a key of `PARTS`. */
  readonly part: string;
  readonly folder: string;
  readonly manifest: PhantomManifest;
}

/** Writes one part. The pool calls this on its threads. */
export default ({ part, folder, manifest }: PartJob): Promise<void> => PARTS[part]!(folder, manifest);
