import { defineConfig } from 'vitest/config';

// Vitest reads "experimentalDecorators" in tsconfig.json, so decorators work.
export default defineConfig({ test: { testTimeout: 120_000 } });
