import { type FolderKind, PLUGIN_KINDS, type PluginFolderKind } from './kinds.js';
import { packageName, title } from './names.js';
import { developmentRange, peerRange } from './ranges.js';

const CORE = '@medbench/core';
const TOOLS = ['@types/node', 'typescript', 'vitest'];

const withRanges = (names: readonly string[], range: (name: string) => string): Record<string, string> =>
  Object.fromEntries([...new Set(names)].sort().map((name) => [name, range(name)]));

/** Makes the package.json of a plugin. */
function pluginManifest(kind: PluginFolderKind, name: string): object {
  const { peers, testPackages } = PLUGIN_KINDS[kind];
  const shared = [CORE, ...peers];
  return {
    name: packageName(kind, name),
    version: '0.1.0',
    type: 'module',
    license: 'MIT',
    description: `${title(name)}: a ${kind} for medbench`,
    keywords: ['medbench-plugin'],
    files: ['dist'],
    exports: { '.': './dist/index.js', './package.json': './package.json' },
    medbench: { api: 1, entry: '.', info: './dist/medbench.json' },
    scripts: {
      build: 'tsup',
      check: 'medbench check',
      test: 'tsup && vitest run',
      typecheck: 'tsc',
      prepack: 'tsup',
    },
    peerDependencies: withRanges(shared, peerRange),
    devDependencies: withRanges([...shared, ...testPackages, ...TOOLS, 'medbench', 'tsup'], developmentRange),
  };
}

/** Makes the package.json of a study. */
const studyManifest = (name: string): object => ({
  name: packageName('study', name),
  version: '0.1.0',
  private: true,
  type: 'module',
  description: `${title(name)}: a study with medbench`,
  scripts: {
    check: 'medbench plan',
    start: 'medbench study study.ts',
    test: 'vitest run',
    typecheck: 'tsc',
  },
  dependencies: withRanges(['medbench'], developmentRange),
  devDependencies: withRanges(TOOLS, developmentRange),
});

/** Makes the package.json of a folder. */
export const folderManifest = (kind: FolderKind, name: string): object =>
  kind === 'study' ? studyManifest(name) : pluginManifest(kind, name);

/** Makes the tsconfig.json of a folder. Vitest reads the decorators' flag there. */
export const folderTsconfig = (kind: FolderKind): object => ({
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    ...(kind === 'study' ? {} : { experimentalDecorators: true }),
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
  },
  include: kind === 'study' ? ['*.ts', 'test'] : ['src', 'test', '*.config.ts'],
});
