import { type RunOptions, run } from './run.js';

/** Controls that need no towers. */
const CONTROLS = ['chance', 'majority', 'raw-pixels', 'question-only'];

/** `medbench eval`: a run of nothing but embeddings that are there, and of controls. @returns the exit code. */
export const evaluate = (options: RunOptions & { readonly embeddings: readonly string[] }): Promise<number> =>
  run(options, { methods: [], controls: CONTROLS }, 'eval');
