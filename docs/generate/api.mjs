import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Application } from 'typedoc';
import { docs, writeGenerated } from './files.mjs';

/** Public entries: the name that is imported, its source below packages/, and who imports it. */
const ENTRIES = [
  ['medbench', 'medbench/src/index.ts', 'scripts that run benchmarks'],
  ['@medbench/core', 'core/src/index.ts', 'every plugin: contracts, decorators, settings, errors'],
  ['@medbench/core/services', 'core/src/services/index.ts', 'plugins that ask for a service of the run'],
  ['@medbench/core/build', 'core/src/build/index.ts', 'the build of a plugin package'],
  ['@medbench/core/testing', 'core/src/testing/index.ts', 'tests of plugins'],
  ['@medbench/plugin-check', 'plugin-check/src/index.ts', 'tests of plugins'],
  ['@medbench/objectives', 'objectives/src/index.ts', 'training loops of your own'],
  ['@medbench/evaluation', 'evaluation/src/index.ts', 'tasks and protocols; scripts that measure'],
  ['@medbench/evaluation/statistics', 'evaluation/src/statistics/index.ts', 'scripts that test differences'],
  ['@medbench/task-kit', 'task-kit/src/index.ts', 'tasks that read tables and folders of images'],
  ['@medbench/corpus-kit', 'corpus-kit/src/index.ts', 'corpora that read a table of captions'],
];

const FOLDER = 'api/generated';

/** File name of an entry's page. */
const pageName = (entry) => entry.replace('@medbench/', '').replaceAll('/', '-');

/**
 * Writes a page for each public entry from its docstrings, and the list of the pages for the sidebar.
 * @throws Error if typedoc reports an error.
 */
export async function writeApi() {
  rmSync(`${docs}reference/${FOLDER}`, { recursive: true, force: true });
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    tsconfig: resolve(docs, '../tsconfig.json'),
    entryPoints: ENTRIES.map(([, source]) => resolve(docs, '../packages', source)),
    // `npm run typecheck` checks the types.
    skipErrorChecking: true,
    readme: 'none',
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    githubPages: false,
    logLevel: 'Warn',
    validation: false,
    outputs: [{ name: 'markdown', path: `${docs}reference/${FOLDER}` }],
    outputFileStrategy: 'modules',
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    sanitizeComments: true,
  });
  const project = await app.convert();
  if (!project || app.logger.hasErrors()) throw new Error('typedoc failed: see the messages above');
  for (const module of project.children) {
    // typedoc names a module by its folder.
    const [entry] = ENTRIES.find(([, source]) => source === `${module.name}/index.ts`);
    module.name = pageName(entry);
  }
  await app.generateOutputs(project);
  // The list of entries is a page written by hand, with what each is for.
  rmSync(`${docs}reference/${FOLDER}/index.md`);
  for (const [entry] of ENTRIES) {
    const path = `${FOLDER}/${pageName(entry)}.md`;
    writeGenerated(path, readFileSync(`${docs}reference/${path}`, 'utf8').replace(/^# .*$/m, `# ${entry}`));
  }
  const pages = ENTRIES.map(([entry]) => ({ text: entry, link: `/reference/${FOLDER}/${pageName(entry)}` }));
  writeGenerated(`${FOLDER}/sidebar.json`, JSON.stringify(pages, null, 1));
}
