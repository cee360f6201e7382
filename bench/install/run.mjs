// npm run bench:install [-- --managers npm,pnpm,bun,yarn --keep FOLDER --only manager,global,minor]
// Installs medbench as a user does: stages all packages, publishes them to a registry on loopback, and installs
// `medbench` in an empty folder outside the workspace with each package manager, without flags. Only the registry can
// be reached. Then lists, checks the backends, makes tiny runs, installs a plugin of another author, and checks types.
// Then installs globally, and installs a newer minor release beside a plugin that was built for the older one.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startRegistry } from '../../scripts/release/registry.mjs';
import { stage } from '../../scripts/release/stage.mjs';
import { root } from '../../scripts/workspace.mjs';
import { printJson } from '../print-json.mjs';
import { isolatedEnvironment, makeProject, measureFolder, run } from './isolated.mjs';
import { MANAGERS } from './managers.mjs';
import { checksTypes, installedCommand, listMethods, readsTypeScript, tinyRun } from './use.mjs';

const { values } = parseArgs({
  options: {
    managers: { type: 'string', default: 'npm,pnpm,bun,yarn' },
    only: { type: 'string', default: 'manager,pnp,global,minor' },
    keep: { type: 'string' },
  },
});
const PLUGIN = 'medbench-method-sigmoid';
const only = values.only.split(',');

const folder = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'medbench-install-'));
mkdirSync(folder, { recursive: true });

const say = (text) => console.log(text);

/** An empty project and the function that adds packages to it. */
async function openProject(name, manager, address) {
  const cwd = join(folder, name);
  const env = isolatedEnvironment(folder, address, name);
  const { call, add, files } = MANAGERS[manager];
  const [command, first] = call;
  makeProject(cwd, files);
  // The package manager itself is fetched before the clock starts.
  await run(command, [...first, '--version'], { cwd, env });
  return { cwd, env, add: (...packages) => run(command, [...first, add, ...packages], { cwd, env }) };
}

/** Installs with one package manager, uses what it installed, and measures. */
async function measure(manager, address) {
  const { cwd, env, add } = await openProject(`project-${manager}`, manager, address);
  const began = performance.now();
  await add('medbench');
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  const { bytes, packages } = measureFolder(join(cwd, 'node_modules'));
  const medbench = installedCommand({ cwd, env });
  const before = await listMethods(medbench);
  const doctor = JSON.parse((await medbench('doctor', '--json')).stdout).backends;
  await readsTypeScript(medbench, cwd);
  await add(PLUGIN);
  const plugins = (await listMethods(medbench)).filter((id) => !before.includes(id));
  if (String(plugins) !== 'sigmoid') throw new Error(`${manager}: the plugin is not listed`);
  const backend = await tinyRun(medbench, cwd, 'clip-scratch,sigmoid');
  // Only npm and yarn make packages importable that the project does not name.
  if (manager !== 'npm') await checksTypes({ cwd, env }, false);
  else {
    await add('@medbench/core', '@medbench/objectives', '@tensorflow/tfjs-core');
    await checksTypes({ cwd, env }, true);
  }
  const MB = Math.round(bytes / 1e6);
  return { manager, seconds, packages, MB, methods: before.length, plugins, backend, doctor: doctor.length };
}

/** yarn's Plug'n'Play has no folders of packages. The command refuses it by name. */
async function refusesPlugAndPlay(address) {
  const { cwd, env, add } = await openProject('project-pnp', 'yarn-pnp', address);
  await add('medbench');
  const [command, first] = MANAGERS['yarn-pnp'].call;
  const refusal = await run(command, [...first, 'medbench', 'list', 'methods'], { cwd, env }).then(
    ({ stdout }) => `not refused: ${stdout}`,
    ({ message }) => message,
  );
  if (!/Plug'n'Play[\s\S]*nodeLinker: node-modules/.test(refusal)) throw new Error(`yarn PnP: ${refusal}`);
}

/** A plugin installed globally beside a global medbench is found in any folder, and runs. */
async function findsGlobalPlugins(address) {
  const cwd = join(folder, 'anywhere');
  const env = isolatedEnvironment(folder, address, 'global');
  makeProject(cwd);
  const prefix = join(folder, 'prefix');
  await run('npm', ['install', '--global', 'medbench', PLUGIN], { cwd, env: { ...env, npm_config_prefix: prefix } });
  const medbench = installedCommand({ cwd, env, bin: join(prefix, 'bin/medbench') });
  if (!(await listMethods(medbench)).includes('sigmoid')) throw new Error('the global plugin is not listed');
  await tinyRun(medbench, cwd, 'clip-scratch,sigmoid');
}

/** A plugin that was built for this version runs beside the next minor release, and its peers are not in conflict. */
async function survivesMinorRelease(registry) {
  const [major, minor] = JSON.parse(readFileSync(join(root, 'packages/medbench/package.json'), 'utf8')).version.split(
    '.',
  );
  const next = `${major}.${Number(minor) + 1}.0`;
  await registry.publish(stage(join(folder, 'staged-next'), { version: next, onlyHere: true }));
  const { cwd, env, add } = await openProject('project-minor', 'npm', registry.address);
  await add(`medbench@${next}`, PLUGIN);
  const installed = (name) => JSON.parse(readFileSync(join(cwd, 'node_modules', name, 'package.json'), 'utf8'));
  if (installed('@medbench/core').version !== next) throw new Error(`the core beside medbench is not ${next}`);
  await run('npm', ['ls', '@medbench/core', '@tensorflow/tfjs-core'], { cwd, env });
  await tinyRun(installedCommand({ cwd, env }), cwd, 'clip-scratch,sigmoid');
  return next;
}

const registry = await startRegistry();
try {
  // yarn asks for the runtimes of other machines too, and the measured installations shall find what users find.
  const staged = stage(join(folder, 'staged'), { onlyHere: !only.includes('manager') && !only.includes('pnp') });
  const began = performance.now();
  cpSync(join(root, 'examples/third-party-method'), join(folder, PLUGIN), {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  await registry.publish([...staged, join(folder, PLUGIN)]);
  say(`${staged.length} packages published in ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  const rows = [];
  if (only.includes('manager')) {
    say('| manager | seconds | packages | MB | backend of the run |\n|---|---|---|---|---|');
    for (const manager of values.managers.split(',')) {
      const row = await measure(manager, registry.address);
      say(`| ${row.manager} | ${row.seconds} | ${row.packages} | ${row.MB} | ${row.backend} |`);
      rows.push(row);
    }
  }
  if (only.includes('global')) {
    await findsGlobalPlugins(registry.address);
    say('\na global plugin is found beside a global medbench, and runs');
  }
  // Before the minor release, which has ONNX Runtime for this platform alone: yarn looks for those of all platforms.
  if (only.includes('pnp')) {
    await refusesPlugAndPlay(registry.address);
    say("yarn Plug'n'Play is refused by name");
  }
  const minor = only.includes('minor') ? await survivesMinorRelease(registry) : undefined;
  if (minor) say(`medbench ${minor} runs a plugin that was built for the minor release before`);
  printJson({
    bench: 'install',
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    rows,
    minor,
  });
} finally {
  registry.stop();
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
