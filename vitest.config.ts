import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Tests run from source: the private condition `@medbench/source` resolves a workspace import to its TypeScript.
const conditions = ['@medbench/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: false } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'],
    globalSetup: ['tests/support/build-worker.ts'],
    // A run of a test is too small for several processes. tests/jobs.test.ts asks for them.
    env: { MEDBENCH_JOBS: '1' },
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Each worker may hold a gigabyte, and several tests measure time.
    maxWorkers: Math.min(4, availableParallelism()),
  },
});
