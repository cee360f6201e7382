import { renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** Tests run from source, but a worker is a file that Node runs: it is bundled from the source before the first test. */
export default async function buildWorker(): Promise<void> {
  const data = fileURLToPath(new URL('../../packages/data/', import.meta.url));
  // Other runs of the tests may read the last one meanwhile.
  const folder = `${data}node_modules/.cache/${process.pid}`;
  await build({
    config: false,
    silent: true,
    entry: { worker: `${data}src/loading/worker.ts` },
    outDir: folder,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    splitting: false,
    noExternal: [/^@medbench\//],
    external: [
      /^@cornerstonejs\//,
      'sharp',
      'tinypool',
      'hyparquet',
      'hyparquet-compressors',
      'csv-parse',
      'entities',
      'fflate',
      'brace-expansion',
    ],
    esbuildOptions: (options) => {
      options.conditions = ['@medbench/source'];
    },
  });
  renameSync(`${folder}/worker.js`, `${data}node_modules/.cache/worker.js`);
  rmSync(folder, { recursive: true });
}
