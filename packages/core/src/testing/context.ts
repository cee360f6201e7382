import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CorpusContext, TaskContext } from '../contracts/index.js';

/**
 * What a task or corpus is opened with, for a test: no data, a temporary cache, no settings, seed 0, no protocols, silence.
 * `protocolsOf` of `@medbench/evaluation/testing` makes protocols.
 */
export const testContext = (overrides: Partial<TaskContext & CorpusContext> = {}): TaskContext & CorpusContext => ({
  dataRoot: '',
  cacheRoot: join(tmpdir(), 'medbench-test-cache'),
  settings: {},
  skipBad: false,
  skip: () => {},
  seed: 0,
  log: () => {},
  protocols: [],
  tasks: [],
  ...overrides,
});
