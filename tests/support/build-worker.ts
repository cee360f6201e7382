import { renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import type { TestProject } from 'vitest/node';

const packages = new URL('../../packages/', import.meta.url);

/** Modules of drawn inputs. In tests, a worker imports their source instead of the built files. */
const INPUTS = ['data/src/inputs.ts', 'nn/src/inputs.ts'].map((path) => new URL(path, packages));

/** Module of the backend that a worker loads in tests, and the bundle of it that the worker then imports. */
const BACKEND = {
  source: new URL('backends-compiled/src/plugin.ts', packages).href,
  bundle: new URL('backends-compiled/node_modules/.cache/worker.js', packages).href,
};

/** Bundles the workers from source before the first test: tests run from source, but Node runs a worker from a file. */
export default async function buildWorkers(project: TestProject): Promise<void> {
  if (!project.isRootProject()) return;
  await Promise.all([
    buildWorker('backends-compiled', 'src/plugin.ts'),
    buildWorker('data', 'src/loading/worker.ts'),
    buildWorker('evaluation', 'src/kernels/worker.ts'),
    buildWorker('formats', 'src/parquet/worker.ts'),
  ]);
}

async function buildWorker(name: string, source: string): Promise<void> {
  const home = fileURLToPath(new URL(`${name}/`, packages));
  // Another test run may be reading the previous bundle.
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
      /^@tensorflow\//,
      'onnxruntime-common',
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

/** Replaces `import-module.ts`: medbench's own modules are bundled under the URL that they have in tests. A backend has
 * its own bundle, because it looks for its native library from its own folder.
 */
const inputs = () => ({
  resolveDir: fileURLToPath(packages),
  contents: `
    const bundled = { ${INPUTS.map(({ href, pathname }) => `'${href}': () => import('${pathname}')`).join(', ')} };
    const ownBundle = { '${BACKEND.source}': '${BACKEND.bundle}' };
    export const importModule = (url) => bundled[url]?.() ?? import(ownBundle[url] ?? url);
  `,
});
