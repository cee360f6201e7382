import { MedbenchError } from '@medbench/core';
import { embeddingRows } from '../embeddings.js';
import { type RunOptions, run } from './run.js';

/** Controls that need no towers. */
const CONTROLS = ['chance', 'majority', 'raw-pixels', 'question-only'];

/**
 * `medbench eval`: a run of nothing but embeddings that are there, and of controls.
 * @returns the exit code.
 * @throws MedbenchError('usage') if a folder does not exist, or no task is named and no folder holds one.
 */
export async function evaluate(options: RunOptions & { readonly embeddings: readonly string[] }): Promise<number> {
  const base = { methods: [], controls: CONTROLS };
  if (options.tasks !== undefined) return run(options, base, 'eval');
  const rows = await embeddingRows(options.embeddings, process.cwd());
  const tasks = [...new Set(rows.flatMap((row) => row.tasks))];
  if (tasks.length > 0) return run(options, { ...base, tasks }, 'eval');
  throw new MedbenchError('usage', `${rows.map(({ folder }) => folder).join(', ')} holds no <task>/<array>.npy`, {
    hint: 'medbench embed --inputs --tasks … writes the pictures and texts that each array stands for.',
  });
}
