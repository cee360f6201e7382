import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CorpusContext, Protocol, TaskContext } from '../contracts/index.js';

const PROTOCOLS: readonly Protocol[] = ['zero-shot', 'linear-probe', 'retrieval', 'vqa'];

/** What a task or corpus is opened with, for a test: no data, a temporary cache, no settings, seed 0, all protocols, silence. */
export const testContext = (given: Partial<TaskContext & CorpusContext> = {}): TaskContext & CorpusContext => ({
  dataRoot: '',
  cacheRoot: join(tmpdir(), 'medbench-test-cache'),
  settings: {},
  skipBad: false,
  skip: () => {},
  seed: 0,
  log: () => {},
  protocols: PROTOCOLS,
  tasks: [],
  ...given,
});
