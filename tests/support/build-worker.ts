import { renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** Tests run from source, but a worker is a file that Node runs: it is bundled from the source before the first test. */
export default async function buildWorkers(): Promise<void> {
  await Promise.all([buildWorker('data', 'src/loading/worker.ts'), buildWorker('formats', 'src/parquet/worker.ts')]);
}

async function buildWorker(name: string, source: string): Promise<void> {
  const home = fileURLToPath(new URL(`../../packages/${name}/`, import.meta.url));
  // Other runs of the tests may read the last one meanwhile.
  const folder = `${home}node_modules/.cache/${process.pid}`;
  await build({
    config: false,
    silent: true,
    entry: { worker: `${home}${source}` },
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
  renameSync(`${folder}/worker.js`, `${home}node_modules/.cache/worker.js`);
  rmSync(folder, { recursive: true });
}
