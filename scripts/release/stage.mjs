// node scripts/release/stage.mjs FOLDER [--version 0.1.0] [--check]: writes each package as npm publishes it to
// FOLDER/<name>, from the built workspace, and the runtimes of each platform to FOLDER/onnxruntime-<platform>-<arch>.
// `--check` refuses a release without the owner's `repository`, `homepage` and `bugs` in the root package.json.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root, workspacePackages } from '../workspace.mjs';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Published versions of dependencies: the catalog of pnpm-workspace.yaml, which pins what is tested. */
export function readCatalog() {
  const text = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const [, block] = text.match(/\ncatalog:\n((?: {2}.*\n)+)/);
  return Object.fromEntries(
    block
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .trim()
          .match(/^"?([^":]+)"?: (\S+)$/)
          .slice(1),
      ),
  );
}

/**
 * Plugins and medbench share one core. The number `api` of the manifest says whether they fit, so a minor release may
 * not break the range.
 */
const corePeer = (version) => `>=${version} <${Number(version.split('.')[0]) + 1}`;

/** Ranges for a kind of dependencies. A caret admits compatible releases; core as a peer admits every minor release. */
function publishedRanges(dependencies, { version, catalog, peers = false }) {
  return Object.fromEntries(
    Object.entries(dependencies).map(([id, range]) => {
      if (range.startsWith('workspace:')) return [id, peers ? corePeer(version) : `^${version}`];
      if (range !== 'catalog:') return [id, range];
      return [id, `^${catalog[id]}`];
    }),
  );
}

/** Exports without the condition that resolves to sources, which are not published. */
const publishedExports = (exports) =>
  Object.fromEntries(
    Object.entries(exports).map(([entry, target]) => {
      if (typeof target === 'string') return [entry, target];
      const { '@medbench/source': _, ...conditions } = target;
      return [entry, conditions];
    }),
  );

/** @returns what to set in the root package.json before a release; undefined if nothing is missing. */
export function missingLinks() {
  const manifest = readJson(join(root, 'package.json'));
  const missing = ['repository', 'homepage', 'bugs'].filter((field) => !(manifest[field]?.url ?? manifest[field]));
  if (missing.length === 0) return undefined;
  return `package.json at the root has no ${missing.join(', ')}: set repository.url, homepage and bugs once, then release.`;
}

/** The owner's links, set once in the root package.json. */
function ownerLinks(folder) {
  const { repository, homepage, bugs } = readJson(join(root, 'package.json'));
  if (!repository?.url) return {};
  return { repository: { ...repository, directory: `packages/${folder}` }, homepage, bugs };
}

/** Makes the package.json that npm gets. */
function publishedManifest(folder, manifest, { version, catalog, runtimes }) {
  const {
    devDependencies: _,
    repository: __,
    peerDependencies,
    optionalDependencies,
    dependencies,
    ...kept
  } = manifest;
  const published = { ...kept, version, files: manifest.files.filter((entry) => entry !== 'src') };
  published.exports = publishedExports(manifest.exports);
  if (Array.isArray(manifest.sideEffects))
    published.sideEffects = manifest.sideEffects.filter((file) => !file.startsWith('./src/'));
  if (dependencies) published.dependencies = publishedRanges(dependencies, { version, catalog });
  if (optionalDependencies)
    published.optionalDependencies = publishedRanges(optionalDependencies, { version, catalog });
  if (peerDependencies)
    published.peerDependencies = publishedRanges(peerDependencies, { version, catalog, peers: true });
  if (manifest.name === '@medbench/backends-compiled') published.optionalDependencies = runtimes;
  return { ...published, ...ownerLinks(folder), publishConfig: { access: 'public', provenance: true } };
}

/** Removes the reference to a source map, which would name a file that is not published. */
function dropMapReferences(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (!/\.m?js$/.test(name) || !statSync(file).isFile()) continue;
    const text = readFileSync(file, 'utf8');
    const kept = text.replace(/^\/\/# sourceMappingURL=\S+\.map\s*$/m, '');
    if (kept !== text) writeFileSync(file, kept);
  }
}

/** Writes a package folder: manifest, files without source maps, README and licence. */
function writePackage(target, source, manifest) {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const entry of [...manifest.files, 'README.md']) {
    const from = join(source, entry);
    if (existsSync(from))
      cpSync(from, join(target, entry), { recursive: true, filter: (path) => !path.endsWith('.map') });
  }
  dropMapReferences(target);
  cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
}

/** Folder of the installed package onnxruntime-node. */
const runtimeFolder = () =>
  dirname(
    createRequire(join(root, 'packages/backends-compiled/package.json')).resolve('onnxruntime-node/package.json'),
  );

/** Name of the package with ONNX Runtime's library for a platform. */
const runtimeName = (platform, arch) => `@medbench/onnxruntime-${platform}-${arch}`;

/**
 * Writes one package for each platform whose library onnxruntime-node ships: its JavaScript, and that library alone.
 * npm installs only the one that fits the machine, and none has an installation script.
 * @returns {Record<string, string>} names with the exact version.
 */
function stageRuntimes(out, version, onlyHere) {
  const source = runtimeFolder();
  const { version: runtimeVersion, dependencies } = readJson(join(source, 'package.json'));
  const names = {};
  const libraries = join(source, 'bin/napi-v6');
  for (const platform of readdirSync(libraries)) {
    for (const arch of readdirSync(join(libraries, platform))) {
      const name = runtimeName(platform, arch);
      names[name] = version;
      if (onlyHere && (platform !== process.platform || arch !== process.arch)) continue;
      const target = join(out, `onnxruntime-${platform}-${arch}`);
      mkdirSync(target, { recursive: true });
      cpSync(join(source, 'dist'), join(target, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.map') });
      const library = join('bin/napi-v6', platform, arch);
      cpSync(join(source, library), join(target, library), { recursive: true });
      cpSync(join(root, 'scripts/release/onnxruntime-LICENSE'), join(target, 'LICENSE'));
      const manifest = {
        name,
        version,
        type: 'commonjs',
        license: 'MIT',
        description: `ONNX Runtime ${runtimeVersion} for Node.js on ${platform} ${arch}, for medbench`,
        os: [platform],
        cpu: [arch],
        ...(platform === 'linux' ? { libc: ['glibc'] } : {}),
        engines: { node: '>=20.11' },
        main: 'dist/index.js',
        types: 'dist/index.d.ts',
        files: ['dist', 'bin'],
        dependencies: { 'onnxruntime-common': dependencies['onnxruntime-common'] },
        ...ownerLinks('backends-compiled'),
        publishConfig: { access: 'public', provenance: true },
      };
      writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      writeFileSync(
        join(target, 'README.md'),
        `# ${name}\n\nThe library and the JavaScript of onnxruntime-node ${runtimeVersion} (Microsoft, MIT licence) for one platform. It needs no\ninstallation script. \`@medbench/backends-compiled\` depends on it where it fits.\n`,
      );
    }
  }
  return names;
}

/** Stages all packages; with `onlyHere`, of the runtimes only the one for this machine. @returns the folders. */
export function stage(out, { version, check = false, onlyHere = false } = {}) {
  const links = missingLinks();
  if (check && links !== undefined) throw new Error(links);
  rmSync(out, { recursive: true, force: true });
  const packages = workspacePackages();
  const released = version ?? packages.find(({ name }) => name === 'medbench').manifest.version;
  const context = { version: released, catalog: readCatalog(), runtimes: stageRuntimes(out, released, onlyHere) };
  for (const { name, dir, manifest } of packages) {
    if (!existsSync(join(dir, 'dist')) && manifest.files.includes('dist'))
      throw new Error(`${dir} is not built: run npm run setup.`);
    writePackage(join(out, name), dir, publishedManifest(name, manifest, context));
  }
  return readdirSync(out).map((name) => join(out, name));
}

if (process.argv[1] && resolve(process.argv[1]) === new URL(import.meta.url).pathname) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { version: { type: 'string' }, check: { type: 'boolean' } },
  });
  if (positionals.length !== 1)
    throw new Error('Usage: node scripts/release/stage.mjs FOLDER [--version 0.1.0] [--check]');
  const folders = stage(resolve(positionals[0]), values);
  console.log(`${folders.length} packages in ${resolve(positionals[0])}`);
}
