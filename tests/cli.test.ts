import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ProfileReport, RunResults } from '@medbench/core';
import { markGenerated } from '@medbench/formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BRIEF_ANSWERS, type Ended, medbench, medbenchSeries, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('cli');
const cwd = folder.path;
let phantoms: string;
beforeAll(async () => {
  phantoms = await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

const run = (...args: string[]) => medbench(['run', ...TINY, ...args], { cwd });

describe('startup', () => {
  it('answers --help within 300 ms and list methods within 500 ms', async () => {
    // The limits hold for a machine that starts Node in 60 ms. A slower or busier one gets more time in proportion.
    const slowness = async (args: string[], limit: number): Promise<number> => {
      let [fastest, node] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let i = 0; i < 5; i++) {
        const began = performance.now();
        spawnSync(process.execPath, ['-e', '0']);
        node = Math.min(node, performance.now() - began);
        const { code, ms } = await medbench(args, { cwd, fresh: true });
        expect(code).toBe(0);
        fastest = Math.min(fastest, ms);
      }
      return fastest / limit / Math.max(1, node / 60);
    };
    expect(await slowness(['--help'], 300)).toBeLessThan(1);
    expect(await slowness(['list', 'methods'], 500)).toBeLessThan(1);
  });

  it('loads no plots before there is a report to write', async () => {
    const log = join(cwd, 'modules.txt');
    const hook = new URL('support/log-modules.mjs', import.meta.url);
    const { code, stderr } = await medbench(['status', 'none'], {
      ...{ cwd, fresh: true },
      env: { NODE_OPTIONS: `--import=${hook.href}`, MODULES_LOG: log },
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('none')]);
    const loaded = readFileSync(log, 'utf8');
    expect(loaded).toContain('inversify');
    expect(loaded).not.toMatch(/linkedom|observablehq/);
  });
});

describe('list', () => {
  it('prints objectives with their settings, and every field of them as JSON', async () => {
    const commands = [
      ['list', 'objectives'],
      ['list', 'objectives', '--json'],
    ];
    const [table, json] = await medbenchSeries(commands, { cwd });
    const { stdout } = table!;
    expect(stdout).toMatch(/^id +settings +title +package$/m);
    expect(stdout).toMatch(/^captioning +layers=auto, queries=256 +CoCa/m);
    expect(stdout).toMatch(/^clip +CLIP/m);
    const objectives = JSON.parse(json!.stdout);
    expect(objectives).toHaveLength(17);
    expect(objectives[0]).toMatchObject({ id: 'captioning', settings: { queries: { default: 256, type: 'integer' } } });
    for (const { source } of objectives) expect(source).not.toBe('');
  });

  it('has every field of the methods and tasks', async () => {
    const commands = ['methods', 'tasks'].map((kind) => ['list', kind, '--json']);
    const [methods, tasks] = (await medbenchSeries(commands, { cwd })).map(({ stdout }) => JSON.parse(stdout));
    expect(methods.map(({ id }: { id: string }) => id)).toEqual([
      'clip',
      'clip-locked',
      'clip-partial',
      'clip-scratch',
      'coca',
      'declip',
      'filip',
      'flip',
      'gloria',
      'masked-cl',
      'siglip',
      'slip',
      'unimodal-image',
    ]);
    for (const method of methods) {
      expect(Object.keys(method)).toEqual(
        expect.arrayContaining(['id', 'package', 'question', 'extension', 'settings', 'source']),
      );
    }
    for (const task of tasks) {
      expect(Object.keys(task)).toEqual(
        expect.arrayContaining([
          'id',
          'package',
          'modality',
          'kind',
          'protocols',
          'classes',
          'splits',
          'licence',
          'access',
          'citation',
          'metric',
          'presets',
        ]),
      );
    }
  });

  it('reports which backend works here and why the others do not', async () => {
    const { code, stdout } = await medbench(['doctor', '--json'], { cwd });
    expect(code).toBe(0);
    const { backends } = JSON.parse(stdout);
    const of = (id: string) => backends.find((backend: { id: string }) => backend.id === id);
    expect(of('compiled')).toMatchObject({ available: true });
    expect(of('wasm')).toMatchObject({ available: true });
    expect(of('tensorflow').reason.length).toBeGreaterThan(10);
    if (!of('tensorflow').available) expect(of('tensorflow').remedy).toContain('install');
    const cuda = of('compiled-cuda');
    expect(cuda.reason).toContain('CUDA');
    if (cuda.available) return;
    const forced = await medbench(['run', '--preset=demo', '--backend=compiled-cuda', '--out=cuda'], { cwd });
    expect(forced.code).not.toBe(0);
    expect(forced.stderr).toContain(`The backend "compiled-cuda" does not work here: ${cuda.reason}`);
    if (cuda.remedy) expect(forced.stderr).toContain(cuda.remedy);
  });
});

describe('wrong usage exits with code 2 and one clear error', () => {
  const cases: [string, string[], string[]][] = [
    ['an unknown method', ['run', '--methods', 'clipp'], ['Unknown method "clipp"', 'Did you mean "clip"?']],
    ['an unknown task', ['run', '--tasks', 'vqarad'], ['Unknown task "vqarad"', 'Did you mean "vqa-rad"?']],
    ['an unknown preset', ['run', '--preset', 'dmeo'], ['Unknown preset "dmeo"', 'Did you mean "demo"?']],
    ['an unknown flag', ['run', '--metods', 'clip'], ["unknown option '--metods'", '--methods']],
    ['an unknown command', ['rnu'], ["unknown command 'rnu'", 'run']],
    ['a wrong seed', ['run', '--seed', 'one'], ['--seed', 'whole numbers']],
    ['a misspelt setting', ['run', '--set', 'training.stepz=3'], ['training.stepz', 'did you mean "steps"?']],
    ['a setting out of bounds', ['run', '--set', 'training.steps=-3'], ['training.steps']],
    ['a method setting out of bounds', ['run', '--set', 'methodSettings.clip-partial.freeze=2'], ['[0, 1]', 'not 2']],
    [
      'a folder of data that would not be read',
      ['run', '--preset', 'demo', '--data', 'anywhere'],
      ['--data anywhere would not be read: the data are generated (preset demo)', '--set synthetic=false'],
    ],
    ['an unknown kind', ['list', 'metods'], ['metods', 'Did you mean "methods"?']],
  ];
  let ended: readonly Ended[];
  beforeAll(async () => {
    ended = await medbenchSeries(
      cases.map(([, args]) => args),
      { cwd },
    );
  });
  it.each(cases.map(([what, , messages], i) => [what, i, messages] as const))('%s', (_, i, messages) => {
    const { code, stderr, stdout } = ended[i]!;
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const message of messages) expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it('a configuration with a misspelt key', async () => {
    const dir = join(cwd, 'misspelt');
    mkdirSync(dir);
    writeFileSync(join(dir, 'package.json'), '{"name": "lab"}');
    writeFileSync(join(dir, 'medbench.config.json'), '{"trainning": {"steps": 3}}');
    const { code, stderr } = await medbench(['run'], { cwd: dir });
    expect(code).toBe(2);
    expect(stderr).toContain('medbench.config.json');
    expect(stderr).toContain('unknown setting "trainning", did you mean "training"?');
  });
});

it.each(['MEDBENCH_MEMORY', 'MEDBENCH_WATTS'])(
  'a run with a value of %s that is not a number fails at once and writes no cell',
  async (name) => {
    const args = ['run', '--preset=demo', '--methods=clip-scratch', '--tasks=phantom-global', '--set=controls=[]'];
    const { code, stderr } = await medbench([...args, `--out=${name}`, ...TINY], { cwd, env: { [name]: 'much' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`error +${name} is "?much`));
    expect(existsSync(join(cwd, name, 'cells'))).toBe(false);
  },
);

describe('run --profile', () => {
  it('prints the time of each phase, which adds up to the wall time, and changes no result', async () => {
    const tasks = '--tasks=phantom-global,phantom-vqa';
    const brief = ['--set=controls=["chance"]', ...BRIEF_ANSWERS, ...TINY];
    const args = ['run', '--preset=demo', '--methods=clip', tasks, ...brief];
    const plain = await medbench([...args, '--out=plain'], { cwd });
    const { code, stderr, ms } = await medbench([...args, '--profile', '--out=profiled'], { cwd, fresh: true });
    expect([plain.code, code]).toEqual([0, 0]);
    expect(plain.stderr).not.toContain('Where');
    expect(stderr).toMatch(/Where [\d.]+ s went/);
    expect(stderr).toMatch(/\nstep +[\d.]+ +[\d.]+ %/);

    const readResults = (out: string): RunResults => JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));
    expect(withoutTimes(readResults('profiled'))).toEqual(withoutTimes(readResults('plain')));
    expect(existsSync(join(cwd, 'plain', 'profile.json'))).toBe(false);
    const profile: ProfileReport = JSON.parse(readFileSync(join(cwd, 'profiled', 'profile.json'), 'utf8'));
    const sum = (all: readonly { readonly seconds: number }[]): number =>
      all.reduce((total, { seconds }) => total + seconds, 0);
    expect(sum(profile.phases)).toBeCloseTo(profile.seconds, 3);
    expect(sum(profile.rows)).toBeCloseTo(profile.seconds, 3);
    expect(profile.seconds * 1000).toBeLessThan(ms);
    expect(profile.seconds * 1000).toBeGreaterThan(0.8 * ms);
    const named = profile.phases.map(({ phase }) => phase);
    for (const phase of ['start-up', 'compiling', 'step', 'waiting for batches', 'embedding', 'linear-probe', 'vqa'])
      expect(named).toContain(phase);
    const steps = profile.phases.find(({ phase }) => phase === 'step');
    // 12 steps of clip and 8 of the general-domain weights.
    expect(steps?.count).toBe(20);
    expect(profile.rows.map(({ row }) => row)).toEqual(expect.arrayContaining(['(run)', 'general', 'clip']));
  });
});

describe('bad input keeps finished cells', () => {
  const out = 'broken';
  const cellFile = (method: string, task: string) => join(cwd, out, 'cells', method, task, 'seed-0.json');
  const data = join(cwd, 'copy');
  const common = [
    ...['--methods', 'clip-scratch', '--out', out, '--data', data, '--set', 'corpora=["phantoms"]'],
    ...['--set=controls=["chance"]', ...BRIEF_ANSWERS],
  ];

  beforeAll(async () => {
    mkdirSync(data);
    copyFileSync(join(phantoms, 'pneumoniamnist.npz'), join(data, 'pneumoniamnist.npz'));
    cpSync(join(phantoms, 'vqa-rad'), join(data, 'vqa-rad'), { recursive: true });
    await markGenerated(data, 'a copy of generated phantoms');
    const { code, stderr } = await run(...common, '--tasks', 'pneumoniamnist');
    expect(stderr).toContain('clip-scratch / pneumoniamnist / linear-probe');
    expect(code).toBe(0);
  });

  it('a truncated npz: one line that names the file, exit code 1, and the cells of other tasks are kept', async () => {
    const before = readFileSync(cellFile('clip-scratch', 'pneumoniamnist'), 'utf8');
    truncateSync(join(data, 'pneumoniamnist.npz'), 100_000);
    const { code, stderr } = await run(...common, '--tasks', 'pneumoniamnist,vqa-rad');
    expect(code).toBe(1);
    expect(stderr).toMatch(/clip-scratch \/ pneumoniamnist \/ zero-shot: failed: .*pneumoniamnist\.npz/);
    expect(stderr).toContain('clip-scratch / vqa-rad / vqa: accuracy');
    expect(readFileSync(cellFile('clip-scratch', 'pneumoniamnist'), 'utf8')).toBe(before);
    const results = JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));
    const failed = results.cells.filter(({ status }: { status: string }) => status === 'failed');
    expect(failed.map(({ task }: { task: string }) => task)).toContain('pneumoniamnist');
    expect(failed[0].error).toContain('pneumoniamnist.npz');
  });

  it('a missing image that the JSON names: its name and the row, exit code 1', async () => {
    const table = JSON.parse(readFileSync(join(data, 'vqa-rad/testset.json'), 'utf8'));
    rmSync(join(data, 'vqa-rad/images', table[0].image_name));
    const { code, stderr } = await run(...common, '--tasks', 'vqa-rad');
    expect(code).toBe(1);
    expect(stderr).toContain(table[0].image_name);
    expect(stderr).toMatch(/is not there; row \d+ of .*set\.json names it/);
  });

  it('a folder that cannot be written: its name, exit code 1', async () => {
    const plain = join(cwd, 'plain-file');
    writeFileSync(plain, '');
    chmodSync(plain, 0o444);
    const { code, stderr } = await run('--methods', 'clip', '--tasks', 'vqa-rad', '--out', join(plain, 'run'));
    expect(code).toBe(1);
    expect(stderr).toContain('plain-file');
    expect(stderr).toContain('--out');
  });
});
