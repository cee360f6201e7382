import { defineConfig } from 'vitest/config';

// Decorators work because tsconfig.json has "experimentalDecorators": Vitest reads it.
export default defineConfig({ test: { testTimeout: 120_000 } });
