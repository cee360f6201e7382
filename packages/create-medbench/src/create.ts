import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScaffoldError } from './error.js';
import { type FolderKind, PLUGIN_KINDS } from './kinds.js';
import { folderManifest, folderTsconfig } from './manifest.js';
import { checkKind, checkName, className, packageName, title } from './names.js';
import { folderReadme } from './readme.js';

const TEMPLATES = fileURLToPath(new URL('../templates/', import.meta.url));
/** Files in which the names of the template are replaced. All others are copied. */
const TEXT = /\.(ts|csv|txt)$/;
const GITIGNORE = 'node_modules/\ndist/\n.medbench/\nruns/\n*.tgz\n';
const VITEST_CONFIG = `import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { testTimeout: 120_000 } });
`;

/** A folder to create. */
export interface FolderRequest {
  /** One of `KINDS`. */
  readonly kind: string;
  /** Name in lower case with hyphens, such as `my-loss`. It is the id of the plugin. */
  readonly name: string;
  /** The folder. Default: `medbench-<kind>-<name>` in the working directory. */
  readonly out?: string | undefined;
  /** Working directory. Default: that of the process. */
  readonly cwd?: string | undefined;
}

/** A folder that was created. */
export interface CreatedFolder {
  readonly kind: FolderKind;
  /** Name of the package. */
  readonly name: string;
  /** Path of the folder, absolute. */
  readonly folder: string;
  /** Paths of the files, relative to the folder. */
  readonly files: readonly string[];
}

/** Lists the files below a folder, as relative paths. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** Replaces the names of the template: the id `template-name`, the class `TemplateName`, the title `Template name`. */
const rename = (text: string, name: string): string =>
  text
    .replaceAll('template-name', name)
    .replaceAll('TemplateName', className(name))
    .replaceAll('Template name', title(name))
    .replaceAll('template name', name.replaceAll('-', ' '));

/** Reads the files of a template under the names that they get. */
function readTemplate(template: string, name: string): Map<string, string | Buffer> {
  const folder = join(TEMPLATES, template);
  return new Map(
    listFiles(folder).map((file) => {
      const contents = readFileSync(join(folder, file));
      return [rename(file, name), TEXT.test(file) ? rename(contents.toString(), name) : contents];
    }),
  );
}

const toJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Makes all files of a folder. */
function folderFiles(kind: FolderKind, name: string): Map<string, string | Buffer> {
  const files = readTemplate(kind, name);
  if (kind !== 'study') {
    for (const [file, contents] of readTemplate('plugin', name)) files.set(file, contents);
    const config = {
      $schema: './node_modules/medbench/schema.json',
      plugins: ['.'],
      ...PLUGIN_KINDS[kind].config(name),
    };
    files.set('medbench.config.json', toJson(config));
  }
  files.set('package.json', toJson(folderManifest(kind, name)));
  files.set('tsconfig.json', toJson(folderTsconfig(kind)));
  files.set('vitest.config.ts', VITEST_CONFIG);
  files.set('README.md', folderReadme(kind, name));
  files.set('.gitignore', GITIGNORE);
  return files;
}

/**
 * Creates a folder for a plugin or a study that builds, passes its tests and, if it is a plugin, can be published.
 * @throws ScaffoldError for an unknown kind, a name that npm or medbench refuses, or a folder that has files already.
 */
export function createFolder({ kind, name, out, cwd = process.cwd() }: FolderRequest): CreatedFolder {
  const checkedKind = checkKind(kind);
  checkName(checkedKind, name);
  const folder = resolve(cwd, out ?? packageName(checkedKind, name));
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new ScaffoldError(`${folder} has files already`, 'Choose another folder with --out, or empty it.');
  }
  const files = folderFiles(checkedKind, name);
  for (const [file, contents] of files) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  return { kind: checkedKind, name: packageName(checkedKind, name), folder, files: [...files.keys()].sort() };
}

/** Says what was created and what to do next, as lines to print. */
export function nextSteps({ kind, name, folder, files }: CreatedFolder, cwd = process.cwd()): string {
  const steps: readonly (readonly [string, string])[] =
    kind === 'study'
      ? [
          [`cd ${relative(cwd, folder) || '.'}`, ''],
          ['npm install', ''],
          ['npm test', 'the plan is sound'],
          ['npm run check', 'what a run would do'],
          ['npm start', 'train, measure, and answer the questions'],
        ]
      : [
          [`cd ${relative(cwd, folder) || '.'}`, ''],
          ['npm install', ''],
          ['npm test', 'build, and run the tests'],
          ['npx medbench run', `${PLUGIN_KINDS[kind].trial}`],
          ['npm publish', 'when it is ready: everyone can then install it beside medbench'],
        ];
  const width = Math.max(...steps.map(([command]) => command.length));
  const lines = steps.map(([command, comment]) =>
    `  ${command.padEnd(width)}${comment ? `   # ${comment}` : ''}`.trimEnd(),
  );
  return [`Created ${name} (${files.length} files) in ${folder}`, '', ...lines].join('\n');
}
