// Writes dist/index.js: the modules with TensorFlow.js's gradients (`@tensorflow/tfjs-core/dist/register_all_gradients.js`)
// in one file. They import each other without file extensions, which Node refuses. Everything that tfjs-core exports
// stays an import of tfjs-core, so that there is one copy of it; only what it keeps to itself is copied.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const CORE = '@tensorflow/tfjs-core';
const require = createRequire(import.meta.url);
const folder = dirname(fileURLToPath(import.meta.url));
const modules = join(dirname(require.resolve(`${CORE}/package.json`)), 'dist');
const core = require(CORE);

/** Names that a module of tfjs-core exports and that tfjs-core exports as well. */
const sharedNames = (path) =>
  [...readFileSync(path, 'utf8').matchAll(/^export (?:const|function|class|var|let) (\w+)|^export \{([^}]*)\}/gm)]
    .flatMap(([, declared, listed]) => (declared ? [declared] : listed.split(',')))
    .map((name) => name.trim().split(' as ').at(-1))
    .filter((name) => name in core);

/** Modules of the bundle itself. All others are replaced where tfjs-core exports what they hold. */
const isGradient = (path) => path.startsWith(`${modules}${sep}gradients${sep}`) || /register_all_gradients/.test(path);

/** Takes what tfjs-core exports from there. An explicit export comes before those of `export *`. */
function shared(path) {
  if (/[\\/]engine\.js$/.test(path)) return `import { engine } from '${CORE}';\nexport const ENGINE = engine();`;
  const names = sharedNames(path);
  return `export * from ${JSON.stringify(path)};\nexport { ${names.join(', ')} } from '${CORE}';`;
}

const shareCore = {
  name: 'share-tfjs-core',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^\./ }, async ({ path, importer, resolveDir, kind, namespace, pluginData }) => {
      if (pluginData === 'plain' || namespace === 'shared') return undefined;
      const resolved = await resolve(path, { importer, resolveDir, kind, pluginData: 'plain' });
      if (!resolved.path.startsWith(modules) || isGradient(resolved.path)) return undefined;
      return { path: relative(modules, resolved.path), namespace: 'shared', sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
      contents: shared(join(modules, path)),
      resolveDir: folder,
    }));
  },
};

mkdirSync(join(folder, 'dist'), { recursive: true });
await build({
  entryPoints: [join(modules, 'register_all_gradients.js')],
  outfile: join(folder, 'dist/index.js'),
  absWorkingDir: modules,
  bundle: true,
  format: 'esm',
  target: 'node20',
  external: [CORE],
  plugins: [shareCore],
  legalComments: 'none',
  banner: {
    js: '// From @tensorflow/tfjs-core. Copyright Google LLC. Licensed under the Apache License, Version 2.0.',
  },
  logLevel: 'warning',
});
// A bundler resolves the modules as they are.
writeFileSync(join(folder, 'dist/bundler.js'), `import '${CORE}/dist/register_all_gradients.js';\n`);
writeFileSync(join(folder, 'dist/index.d.ts'), 'export {};\n');
