import { medbenchInfo } from '@medbench/core/build';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  clean: true,
  // Writes dist/medbench.json, from which medbench lists the plugin without importing it.
  plugins: [medbenchInfo()],
});
