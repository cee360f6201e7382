import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.js';

// Tests run from source: the private condition `@medbench/source` resolves a workspace import to its TypeScript.
const conditions = ['@medbench/source', 'node', 'import', 'module', 'default'];

// Files of these packages leave no state behind that another file could meet: above all, they do not touch the backends
// and gradients of TensorFlow.js. They share a process, which saves starting one and importing the same modules for each.
const SHARED = [
  'api',
  'cli',
  'core',
  'corpora-*',
  'corpus-kit',
  'create-medbench',
  'data',
  'evaluation',
  'formats',
  'hub',
  'launchers-*',
  'phantoms',
  'preset-paper',
  'remote',
  'report',
  'runner',
  'studies',
  'task-kit',
  'tasks-*',
  'trackers-*',
].map((name) => `packages/${name}/{src,test}/**/*.test.ts`);

// These leave no state behind either: most only start commands.
const COMMANDS = [
  ...['activation', 'check', 'cli', 'config-schema', 'configuration', 'content-keys', 'corpora', 'damaged-state'],
  ...['data-shard', 'data-verify', 'documents', 'embeddings', 'fine-tuned-vqa', 'front-door', 'hostile-use', 'jobs'],
  ...['leaks', 'loader', 'push', 'real-layouts', 'release', 'repository', 'restricted', 'resume', 'scaffold', 'site'],
  ...['croissant', 'streamed-run', 'study', 'study-results', 'study-splits', 'study-tasks', 'tasks', 'trackers'],
  ...['tutorials', 'words'],
].map((name) => `tests/${name}.test.ts`);

// Files of these packages compute, each on the backend that it activates first. The gradients that they register are the
// same in all, so that they may share a process too, but not with files that never touch TensorFlow.js.
const COMPUTING = [
  ...['controls', 'encoders-*', 'methods-*', 'nn', 'protocols-*', 'training', 'weights'].map(
    (name) => `packages/${name}/{src,test}/**/*.test.ts`,
  ),
  // That file tests what happens before the gradients are registered.
  'packages/objectives/{src,test}/**/!(register-gradients).test.ts',
  ...['decay', 'golden-losses', 'method-steps', 'method-towers', 'methods', 'ops', 'resnet', 'resnet-training', 'sums'],
  ...['study-golden', 'tower-export', 'towers', 'validation', 'validation-corpus', 'retrieval-backends', 'vit-towers'],
  ...['encoder-stages', 'method-families', 'bert', 'bert-run', 'streaming'],
].map((name) => (name.includes('/') ? name : `tests/${name}.test.ts`));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: false } },
  test: {
    setupFiles: ['tests/support/equal-arrays.ts'],
    globalSetup: ['tests/support/shared-folder.ts', 'tests/support/build-worker.ts'],
    // A limit only for what hangs. On a busy machine, the longest test takes many times its usual two minutes.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    // The test files already share the cores. Further threads wait for each other by spinning, and a run of a test is
    // too small for several processes; tests/jobs.test.ts asks for them.
    env: { MEDBENCH_THREADS: process.env.MEDBENCH_THREADS ?? '1', MEDBENCH_JOBS: '1' },
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    // Each worker may hold a gigabyte, and several tests measure time. One more than there are cores, because some wait.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['packages/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...SHARED, ...COMMANDS, ...COMPUTING],
        },
      },
      { extends: true, test: { name: 'shared', include: [...SHARED, ...COMMANDS], isolate: false } },
      { extends: true, test: { name: 'computing', include: COMPUTING, isolate: false } },
    ],
  },
});
