import { renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const packages = new URL('../../packages/', import.meta.url);

/** Modules of inputs whose source a worker can import in tests, as it imports what is built of them otherwise. */
const INPUTS = ['data/src/inputs.ts', 'nn/src/inputs.ts'].map((path) => new URL(path, packages));

/** Tests run from source, but a worker is a file that Node runs: it is bundled from the source before the first test. */
export default async function buildWorkers(): Promise<void> {
  await Promise.all([buildWorker('data', 'src/loading/worker.ts'), buildWorker('formats', 'src/parquet/worker.ts')]);
}

async function buildWorker(name: string, source: string): Promise<void> {
  const home = fileURLToPath(new URL(`${name}/`, packages));
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
    esbuildPlugins: [{ name: 'inputs', setup: (builder) => builder.onLoad({ filter: /import-module\.ts$/ }, inputs) }],
    esbuildOptions: (options) => {
      options.conditions = ['@medbench/source'];
    },
  });
  renameSync(`${folder}/worker.js`, `${home}node_modules/.cache/worker.js`);
  rmSync(folder, { recursive: true });
}

/** In the place of `import-module.ts`: modules of our own are bundled, by the URL that they have in tests. */
const inputs = () => ({
  resolveDir: fileURLToPath(packages),
  contents: `
    const bundled = { ${INPUTS.map(({ href, pathname }) => `'${href}': () => import('${pathname}')`).join(', ')} };
    export const importModule = (url) => bundled[url]?.() ?? import(url);
  `,
});
