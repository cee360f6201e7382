import { defineConfig } from 'medbench';

/** The settings of every run in this folder. Flags override them: npx medbench run --seed 0 */
export default defineConfig({
  // Generated images and small towers, so that everything runs in minutes. Remove the line for your own data, and name
  // the folder that holds it: dataRoot: './data'.
  preset: 'demo',
  // Rows. `id:setting=value,value` makes one row for each value.
  methods: ['clip', 'clip-partial:freeze=0.5', 'slip'],
  // Columns.
  tasks: ['phantom-local', 'phantom-retrieval'],
  // Every row is trained once for each seed.
  seeds: [0, 1],
  training: { steps: 60, warmup: 6 },
  general: { steps: 60 },
});
