import { hashJson, type SealedFile } from '@medbench/core';
import { hashParts } from '../store/index.js';

/**
 * Whether a kept file is what the run would make now. `current`: yes. `outdated`: something that it depends on has
 * changed. `damaged`: it does not hold what was written. `missing`: there is none, or an older version wrote it.
 */
export type KeptState = 'current' | 'outdated' | 'damaged' | 'missing';

/** The state of a kept file and, if it is outdated, which parts of its key have changed. */
export interface Verdict {
  readonly state: KeptState;
  readonly changed: readonly string[];
}

/** The fields of a kept file that name what it was made of. */
interface Kept {
  readonly key: string;
  readonly madeOf?: Readonly<Record<string, string>>;
}

/** Compares a kept file with the parts of the key that it should have. */
export function judge(file: SealedFile<Kept>, parts: Readonly<Record<string, unknown>>): Verdict {
  if (file.state !== 'intact') return { state: file.state === 'none' ? 'missing' : 'damaged', changed: [] };
  const { key, madeOf = {} } = file.value;
  if (key === hashJson(parts)) return { state: 'current', changed: [] };
  const now = hashParts(parts);
  return { state: 'outdated', changed: Object.keys(now).filter((name) => now[name] !== madeOf[name]) };
}
