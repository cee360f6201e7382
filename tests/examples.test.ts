import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignPairs } from '../examples/objective-as-library/src/index.js';
import { BRIEF_ANSWERS, medbench, repository, TINY, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('examples');
const cwd = folder.path;
afterAll(() => folder.dispose());

/** Packs the packages of third parties as npm would publish them: one start of pnpm for all. */
beforeAll(() => {
  const { packageManager } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const all = ['--recursive', '--filter', './examples/third-party-*', 'pack', '--pack-destination', cwd];
  execFileSync('npx', ['--yes', packageManager, ...all], { cwd: repository, stdio: 'pipe' });
});

/** Unpacks the tarball of an example to `place`, which is to install it. */
function unpack(example: string, place: string): void {
  const { name, version } = JSON.parse(readFileSync(join(repository, 'examples', example, 'package.json'), 'utf8'));
  mkdirSync(place, { recursive: true });
  execFileSync('tar', ['xzf', join(cwd, `${name}-${version}.tgz`), '-C', place, '--strip-components=1']);
}

describe('examples', () => {
  it('third-party-method and -objective: packed, installed, found by their keyword, run by --methods all and sum:', async () => {
    const modules = join(cwd, 'node_modules');
    for (const [example, name] of [
      ['third-party-method', 'medbench-method-sigmoid'],
      ['third-party-objective', 'medbench-objective-uniformity'],
    ] as const) {
      const source = readFileSync(join(repository, 'examples', example, 'src/index.ts'), 'utf8');
      expect(source.trimEnd().split('\n').length, example).toBeLessThan(30);
      // Its peer dependencies resolve to the project's only copy.
      unpack(example, join(modules, name));
    }
    mkdirSync(join(modules, '@medbench'));
    mkdirSync(join(modules, '@tensorflow'));
    symlinkSync(join(repository, 'packages/core'), join(modules, '@medbench/core'));
    symlinkSync(join(repository, 'tests/node_modules/@tensorflow/tfjs-core'), join(modules, '@tensorflow/tfjs-core'));
    writeFileSync(
      join(cwd, 'package.json'),
      JSON.stringify({
        name: 'lab',
        dependencies: { 'medbench-method-sigmoid': '^1.0.0', 'medbench-objective-uniformity': '^1.0.0' },
      }),
    );

    const listed = JSON.parse((await medbench(['list', 'methods', '--json'], { cwd })).stdout);
    expect(listed).toContainEqual(expect.objectContaining({ id: 'sigmoid', package: 'medbench-method-sigmoid' }));

    const objectives = JSON.parse((await medbench(['list', 'objectives', '--json'], { cwd })).stdout);
    expect(objectives).toContainEqual(
      expect.objectContaining({
        id: 'uniformity',
        package: 'medbench-objective-uniformity',
        settings: { sharpness: expect.objectContaining({ default: 2, min: 0.01, type: 'number' }) },
      }),
    );

    await providePhantoms(join(cwd, '.medbench'));
    const sum = 'sum:clip=1:uniformity=0.5:uniformity.sharpness=3';
    const flags = ['--preset=demo', '--tasks=phantom-retrieval', '--set=controls=["chance"]', ...TINY];
    // tests/resume.test.ts trains all methods of medbench. Here, "all" must name the installed one too.
    const { rows } = JSON.parse(
      (await medbench(['plan', '--methods=all', '--backend=wasm', ...flags, '--json'], { cwd })).stdout,
    );
    expect(rows.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(['clip', 'sigmoid', 'slip']));
    const { code, stderr } = await medbench(['run', `--methods=sigmoid,${sum}`, ...flags, '--out=third'], { cwd });
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    const results: RunResults = JSON.parse(readFileSync(join(cwd, 'third/results.json'), 'utf8'));
    expect(results.cells.find(({ method }) => method === 'sigmoid')).toMatchObject({ status: 'ok' });
    expect(results.run.versions['medbench-method-sigmoid']).toBe('1.0.0');
    // The method is given the run's logger.
    const log = readFileSync(join(cwd, 'third/log.jsonl'), 'utf8');
    expect(log).toContain('"plugin":"sigmoid","logitBias":-10');
    expect(results.cells.find(({ method }) => method === sum)).toMatchObject({ status: 'ok' });
    expect(results.methods.find(({ id }) => id === sum)).toEqual({
      ...{ id: sum, question: 'baseline', extension: true, control: false },
      title: 'Sum of objectives: clip=1, uniformity=0.5, uniformity.sharpness=3',
    });
  });

  it('third-party-protocol: packed, installed, found by its keyword, measures tasks that do not name it', async () => {
    const lab = join(cwd, 'lab-3');
    const place = join(lab, 'node_modules/medbench-protocol-nearest-mean');
    unpack('third-party-protocol', place);
    mkdirSync(join(lab, 'node_modules/@medbench'));
    for (const name of ['core', 'evaluation']) {
      symlinkSync(join(repository, 'packages', name), join(lab, 'node_modules/@medbench', name));
    }
    writeFileSync(
      join(lab, 'package.json'),
      JSON.stringify({ name: 'lab-3', dependencies: { 'medbench-protocol-nearest-mean': '^1.0.0' } }),
    );

    const listed = JSON.parse((await medbench(['list', 'protocols', '--json'], { cwd: lab })).stdout);
    expect(listed.map(({ id }: { id: string }) => id).sort()).toEqual([
      ...['knn', 'linear-probe', 'linear-probe-corruptions', 'nearest-mean', 'prompt-sensitivity', 'retrieval'],
      ...['simple-shot', 'vqa', 'vqa-fine-tuned', 'zero-shot', 'zero-shot-corruptions'],
    ]);

    const { code, stderr } = await medbench(
      [
        ...['run', '--preset=demo', '--methods=clip-scratch', '--tasks=phantom-local,phantom-vqa', '--out=run'],
        ...['--set=controls=["chance"]', ...BRIEF_ANSWERS, ...TINY],
      ],
      { cwd: lab, env: { MEDBENCH_CACHE: join(cwd, '.medbench') } },
    );
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    const { cells, tasks, protocols }: RunResults = JSON.parse(readFileSync(join(lab, 'run/results.json'), 'utf8'));
    const meanCells = cells.filter(({ protocol }) => protocol === 'nearest-mean');
    expect(meanCells.map(({ method, task, status, metric }) => [method, task, status, metric])).toEqual([
      ['clip-scratch', 'phantom-local', 'ok', 'accuracy'],
    ]);
    expect(tasks[0]!.protocols).toEqual(['zero-shot', 'linear-probe', 'nearest-mean']);
    expect(protocols!.map(({ title }) => title)).toEqual(['zero-shot', 'linear probe', 'VQA', 'nearest class mean']);
    expect(readFileSync(join(lab, 'run/report.html'), 'utf8')).toContain('nearest class mean');
  });

  // tests/scaffold.test.ts builds, compiles and tests new packages of each kind.
  nightly('third-party-method: copied out of the repository, it builds, compiles and passes its own test', () => {
    const dir = join(repository, 'examples/third-party-method');
    const copy = join(cwd, 'my-method');
    cpSync(dir, copy, { recursive: true, filter: (path) => !/[\\/](node_modules|dist)$/.test(path) });
    // Stands in for npm install: links its dependencies and nothing else of the repository.
    const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
    for (const [name, range] of Object.entries<string>({ ...manifest.peerDependencies, ...manifest.devDependencies })) {
      expect(range, name).toMatch(/^\^\d+\.\d+\.\d+$/);
      const link = join(copy, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(realpathSync(join(dir, 'node_modules', name)), link);
    }
    const call = (tool: string, script: string, ...args: string[]) =>
      execFileSync(process.execPath, [join(copy, 'node_modules', tool, script), ...args], {
        cwd: copy,
        stdio: 'pipe',
        // Runs as a user would run it: the variables of this test run would disturb it.
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      }).toString();
    call('tsup', 'dist/cli-default.js');
    const info = JSON.parse(readFileSync(join(copy, 'dist/medbench.json'), 'utf8'));
    expect(info.methods).toEqual([expect.objectContaining({ id: 'sigmoid', source: 'arXiv:2303.15343' })]);
    call('typescript', 'bin/tsc');
    expect(call('vitest', 'vitest.mjs', 'run')).toContain('2 passed');
  });

  it('custom-task: named by its path in the configuration', async () => {
    const lab = join(cwd, 'lab');
    mkdirSync(lab);
    writeFileSync(join(lab, 'package.json'), '{"name": "lab-2"}');
    writeFileSync(
      join(lab, 'medbench.config.json'),
      JSON.stringify({
        plugins: [join(repository, 'examples/custom-task')],
        tasks: ['stripes'],
        corpora: ['phantoms'],
      }),
    );
    const { code, stderr } = await medbench(['run', '--methods=clip-scratch', '--out=run', ...TINY], {
      cwd: lab,
      env: { MEDBENCH_CACHE: join(cwd, '.medbench') },
    });
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    const { cells }: RunResults = JSON.parse(readFileSync(join(lab, 'run/results.json'), 'utf8'));
    const probe = cells.find(({ method, protocol }) => method === 'raw-pixels' && protocol === 'linear-probe');
    expect(probe).toMatchObject({ task: 'stripes', status: 'ok', n: 60, synthetic: true });
  });

  it('objective-as-library: learns to align pairs without the command', async () => {
    const { before, after } = await alignPairs();
    expect(after).toBeLessThan(before / 4);
  });
});
