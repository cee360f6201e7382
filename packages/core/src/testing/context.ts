import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CorpusContext, TaskContext } from '../contracts/index.js';

/**
 * Makes a context to open a task or corpus in a test: no data, a temporary cache folder, no settings, seed 0, no
 * protocols, no log. `testProtocols` of `@medbench/evaluation/testing` makes protocols.
 * @param overrides fields to set instead.
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
