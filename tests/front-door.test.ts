import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stage } from '../scripts/release/stage.mjs';
import { repository, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const run = promisify(execFile);
const folder = temporaryFolder('front-door');
beforeAll(async () => {
  await providePhantoms(join(folder.path, 'cache'));
});
afterAll(() => folder.dispose());

/** A script of ten lines that runs the demo for a few steps on two tasks. */
const SCRIPT = `import { benchmark } from 'medbench';
const { cells, run } = await benchmark({
  preset: 'demo',
  methods: 'clip-scratch,clip-locked',
  tasks: ['phantom-retrieval', 'phantom-global'],
  out: 'runs/demo',
  settings: { training: { steps: 4, batchSize: 8, warmup: 1 }, general: { steps: 2 }, corpora: ['phantoms'] },
});
const failed = cells.filter(({ status }) => status === 'failed');
console.log(JSON.stringify({ cells: cells.length, failed: failed.length, synthetic: run.synthetic }));
`;

// pnpm starts a test with the workspace's packages in NODE_PATH, where an installed command must not find them.
const env = { ...process.env, NODE_PATH: '', MEDBENCH_CACHE: join(folder.path, 'cache') };
const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1)!);

/** Links what the packages need from others, which pnpm has in one folder too. npm does not install onnxruntime-node. */
function linkDependencies(modules: string): void {
  const all = join(repository, 'node_modules/.pnpm/node_modules');
  for (const name of readdirSync(all)) {
    if (name !== 'onnxruntime-node' && !existsSync(join(modules, name)))
      symlinkSync(join(all, name), join(modules, name), 'junction');
  }
}

/** A project folder that holds the script. */
function project(name: string): string {
  const dir = join(folder.path, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  writeFileSync(join(dir, 'demo.js'), SCRIPT);
  return dir;
}

// The same script runs from the files of the packages below.
nightly('the workspace runs the demo from a script', async () => {
  const cwd = project('script');
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(join(repository, 'packages/medbench'), join(cwd, 'node_modules/medbench'));
  await checkScript(cwd);
});

/** Runs the script of a project, and checks its results. */
async function checkScript(cwd: string): Promise<void> {
  expect(SCRIPT.trim().split('\n')).toHaveLength(10);
  const { stdout } = await run(process.execPath, ['demo.js'], { cwd, env });
  // Both methods and the untrained encoder have cells for all protocols; chance, majority and raw pixels for some.
  expect(lastLine(stdout)).toEqual({ cells: 13, failed: 0, synthetic: true });
  const { cells } = JSON.parse(readFileSync(join(cwd, 'runs/demo/results.json'), 'utf8'));
  expect(cells).toHaveLength(13);
  expect(readFileSync(join(cwd, 'runs/demo/report.html'), 'utf8')).toContain('clip-locked');
}

describe('npx medbench', () => {
  const npx = (args: readonly string[], cwd: string) => run('npx', ['--no-install', ...args], { cwd, env });

  it('works in the workspace', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'packages/medbench/package.json'), 'utf8'));
    expect((await npx(['medbench', '--version'], repository)).stdout.trim()).toBe(version);
  });

  const platform = `onnxruntime-${process.platform}-${process.arch}`;
  /** The folders of the packages that npm would get, for this machine. */
  const stagedPackages = (name: string): string[] =>
    stage(join(folder.path, name)).filter(
      (dir) => !basename(dir).startsWith('onnxruntime-') || basename(dir) === platform,
    );

  /** Checks commands in a project with installed packages, and the script; then both commands without ONNX Runtime. */
  async function checkInstalled(cwd: string): Promise<void> {
    // Without onnxruntime-node, whose script downloads from another host than the npm registry.
    expect(existsSync(join(cwd, 'node_modules/onnxruntime-node'))).toBe(false);
    expect((await npx(['medbench', 'doctor'], cwd)).stdout).toContain('ONNX Runtime works');
    expect((await npx(['medbench', 'list', 'methods'], cwd)).stdout).toContain('@medbench/methods-clip-partial');
    await checkScript(cwd);
    // As on a platform without a library, or with `npm install --omit=optional`.
    rmSync(join(cwd, 'node_modules/@medbench', platform), { recursive: true });
    const { backends } = JSON.parse((await npx(['medbench', 'doctor', '--json'], cwd)).stdout);
    const missing = expect.stringContaining('ONNX Runtime is not installed');
    expect(backends).toContainEqual(expect.objectContaining({ id: 'compiled', available: false, reason: missing }));
    const planned = await npx(['medbench', 'plan', '--preset', 'demo', '--methods', 'clip-scratch'], cwd);
    expect(planned.stdout).toMatch(/^backend wasm: .*compiled does not work: ONNX Runtime is not installed/m);
  }

  it('works from the files of the packages, and so does the script', async () => {
    const cwd = project('moved');
    const modules = join(cwd, 'node_modules');
    for (const dir of stagedPackages('moved-staged')) {
      const { name, bin } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      renameSync(dir, join(modules, name));
      if (name !== 'medbench') continue;
      mkdirSync(join(modules, '.bin'));
      symlinkSync(join(modules, name, bin.medbench), join(modules, '.bin/medbench'));
    }
    linkDependencies(modules);
    await checkInstalled(cwd);
  });

  // The workflow of every change installs them so with each package manager: npm run bench:install.
  nightly('works from packed packages, and so does the script', async () => {
    const packed = join(folder.path, 'packed');
    mkdirSync(packed);
    const staged = stagedPackages('staged');
    execFileSync('npm', ['pack', ...staged, '--pack-destination', packed], { stdio: 'pipe' });
    const tarballs = readdirSync(packed).map((name) => join(packed, name));
    const cwd = project('installed');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { cwd, stdio: 'pipe' });
    await checkInstalled(cwd);
  });
});
