import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultCell, RunResults, TaskResult } from '@medbench/core';
import { readNpy } from '@medbench/formats';
import { writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BRIEF_ANSWERS,
  type Ended,
  medbench,
  medbenchSeries,
  repository,
  TINY,
  temporaryFolder,
} from './support/cli.js';
import { nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('embeddings');
const cwd = folder.path;
afterAll(() => folder.dispose());

const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(cwd, ...path), 'utf8'));
const rowCells = (out: string, row: string): readonly ResultCell[] =>
  (readJson(out, 'results.json') as RunResults).cells.filter(({ method }) => method === row);
/** The results of a row on a task that a run stores, with scores of each example. */
const storedResults = (out: string, row: string, task: string): readonly TaskResult[] =>
  (readJson(out, 'cells', row, task, 'seed-0.json') as { results: TaskResult[] }).results;

/** Runs the command, which must exit with the given code. @returns its stderr. */
const ending = async (code: number, ...args: string[]): Promise<string> => ended(code, await medbench(args, { cwd }));

/** Checks the exit code of a command. @returns its stderr. */
function ended(code: number, finished: Ended): string {
  expect(finished.stderr).not.toContain('    at ');
  expect({ code: finished.code, stderr: code === finished.code ? '' : finished.stderr }).toEqual({ code, stderr: '' });
  return finished.stderr;
}

describe('embeddings stored by a run', () => {
  const TASKS = ['pneumoniamnist', 'vqa-rad', 'vqa-rad-retrieval'];
  const CORRUPTED = ['measure=true', 'corruptions=contrast', 'severities=[5]', 'side=32'];
  /** Protocols that are off by default. */
  const MORE = [
    ...['knn', 'simpleShot', 'promptSensitivity'].map((section) => `--set=evaluation.${section}.measure=true`),
    ...['zeroShotCorruptions', 'probeCorruptions'].flatMap((section) =>
      CORRUPTED.map((setting) => `--set=evaluation.${section}.${setting}`),
    ),
  ];
  const DATA = ['--data=small', '--set=controls=[]', ...BRIEF_ANSWERS];
  const measure = (cell: ResultCell) => ({
    place: [cell.task, cell.protocol, cell.seed],
    figures: [cell.metric, cell.value, cell.ci95, cell.metrics, cell.n, cell.classification],
    status: [cell.status, cell.synthetic],
  });

  beforeAll(async () => {
    const few = { train: 10, val: 10, test: 10 };
    await writePhantoms(join(cwd, 'small'), {
      counts: {
        phantoms: few,
        shapes: few,
        pneumonia: { train: 60, val: 20, test: 40 },
        vqaRad: { images: 24, train: 90, test: 40 },
        pathVqa: { train: 10, validation: 10, test: 10 },
        classes: { train: 20, val: 10, test: 10 },
        corpora: { train: 10, test: 10 },
      },
    });
    await ending(0, 'run', '--methods=clip-scratch', `--tasks=${TASKS.join()}`, '--out=run', ...DATA, ...MORE, ...TINY);
    await ending(0, 'embed', 'run', '--method=clip-scratch', '--out=exported');
  });

  it('give identical cells under every protocol, from their folder alone', async () => {
    await ending(0, 'eval', '--embeddings=exported', '--out=eval', ...DATA, ...MORE);
    const trained = rowCells('run', 'clip-scratch');
    const measured = rowCells('eval', 'clip-scratch');
    expect(trained.map(({ protocol }) => protocol)).toEqual([
      ...['zero-shot', 'linear-probe', 'knn', 'simple-shot', 'prompt-sensitivity'],
      ...['zero-shot-corruptions', 'linear-probe-corruptions', 'vqa', 'retrieval'],
    ]);
    expect(measured.map(measure)).toEqual(trained.map(measure));
    for (const task of TASKS) {
      const examples = (out: string) => storedResults(out, 'clip-scratch', task).map(({ perExample }) => perExample);
      expect(examples('eval')).toEqual(examples('run'));
    }
  });

  nightly('are compared with the controls that need no towers', async () => {
    await ending(0, 'eval', '--embeddings=exported', '--tasks=pneumoniamnist,vqa-rad', '--out=beside', '--data=small');
    const { methods } = readJson('beside', 'results.json') as RunResults;
    expect(methods.map(({ id }) => id)).toEqual(['clip-scratch', 'chance', 'majority', 'raw-pixels', 'question-only']);
  });

  it('become one more row of a run', async () => {
    const stderr = await ending(
      0,
      'run',
      '--methods=clip-scratch',
      '--embeddings=again=exported',
      `--tasks=${TASKS.join()}`,
      '--out=run',
      ...DATA,
      ...MORE,
      ...TINY,
    );
    expect(stderr).toContain('clip-scratch / pneumoniamnist / zero-shot');
    expect(rowCells('run', 'again').map(measure)).toEqual(rowCells('run', 'clip-scratch').map(measure));
  });

  it('fail only in the cell whose array is missing', async () => {
    cpSync(join(cwd, 'exported'), join(cwd, 'broken'), { recursive: true });
    rmSync(join(cwd, 'broken', 'pneumoniamnist', 'val.features.npy'));
    const stderr = await ending(1, 'eval', '--embeddings=x=broken', '--out=broken-eval', ...DATA);
    expect(stderr).toMatch(
      /x \/ pneumoniamnist \/ linear-probe: failed: .*val\.features\.npy does not exist\. .*--inputs/,
    );
    expect(rowCells('broken-eval', 'x').map(({ status }) => status)).toEqual(['failed', 'failed', 'ok', 'ok']);
  });

  it('fail when the settings ask for texts that were not embedded', async () => {
    const setting = '--set=taskSettings.pneumoniamnist.prompts=histology-everywhere';
    const stderr = await ending(
      1,
      'eval',
      '--embeddings=exported',
      '--tasks=pneumoniamnist',
      '--out=x',
      setting,
      ...DATA,
    );
    expect(stderr).toMatch(/zero-shot: failed: .*prompts\.texts\.npy was made of other texts .* settings of this run/);
  });

  it('can be made by another tool from the exported images and texts', async () => {
    const stderr = await ending(
      0,
      'embed',
      '--inputs',
      `--tasks=${TASKS.join()}`,
      '--data=small',
      '--out=inputs',
      ...MORE,
    );
    expect(stderr).toContain('test.images.npy (40 rows, test/)');
    expect(stderr).toContain('medbench eval --embeddings NAME=inputs');
    const shapes = TASKS.map((task) => {
      const { arrays } = readJson('inputs', task, 'embeddings.json') as { arrays: { array: string; rows: number }[] };
      return arrays.map(({ array, rows }) => `${array} ${rows}`).sort();
    });
    // Another tool must provide the same arrays that a run stores.
    const kept = await Promise.all(
      TASKS.map((task) => {
        const arrays = readdirSync(join(cwd, 'exported', task)).filter((name) => name.endsWith('.npy'));
        const readShape = async (name: string) => (await readNpy(join(cwd, 'exported', task, name))).shape;
        return Promise.all(arrays.sort().map(async (name) => `${name} ${(await readShape(name))[0]}`));
      }),
    );
    expect(shapes).toEqual(kept);
    expect(readdirSync(join(cwd, 'inputs', 'pneumoniamnist', 'test'))).toHaveLength(40);
    const unmade = await ending(1, 'eval', '--embeddings=inputs', '--out=unmade', ...DATA);
    expect(unmade).toMatch(/inputs \/ vqa-rad \/ vqa: failed: .*vqa-rad holds no arrays .*Needed: all\.images\.npy/);
  });

  const wrong: [string, string[], string[]][] = [
    ['no row', ['embed', 'run', '--out=x'], ['needs --method', 'one of clip-scratch']],
    ['an unknown row', ['embed', 'run', '--method=clip', '--out=x'], ['embeddings of clip', 'one of clip-scratch']],
    ['an unknown seed', ['embed', 'run', '--method=clip-scratch', '--seed=3', '--out=x'], ['seed 3', 'one of 0']],
    [
      'an unknown task',
      ['embed', 'run', '--method=clip-scratch', '--tasks=bach', '--out=x'],
      ['for bach', 'pneumoniamnist, vqa-rad, vqa-rad-retrieval'],
    ],
    ['no run', ['embed', 'none', '--method=clip', '--out=x'], ['none holds no embeddings', 'folder of a run']],
    ['neither run nor inputs', ['embed', '--out=x'], ['needs a run folder, --weights or --inputs']],
    ['both', ['embed', 'run', '--inputs', '--out=x'], ['takes only one of the run folder run and --inputs']],
    ['inputs of no task', ['embed', '--inputs', '--out=x'], ['embed --inputs needs --tasks']],
    [
      'a flag of the other',
      ['embed', 'run', '--method=clip-scratch', '--data=small', '--out=x'],
      ['--data', '--inputs'],
    ],
    [
      'the kept folder',
      ['embed', 'run', '--method=clip-scratch', '--out=run/embeddings/clip-scratch/seed-0'],
      ['--out'],
    ],
    ['no folder', ['eval', '--embeddings=none'], ['none is no folder of embeddings', 'does not exist']],
    ['no folder of an id', ['eval', '--embeddings=x=none', '--tasks=vqa-rad'], ['none is no folder of embeddings']],
    ['an empty folder', ['eval', '--embeddings=small/roco'], ['small/roco holds no <task>/<array>.npy']],
    [
      'an id with a blank',
      ['eval', '--embeddings=my model=exported'],
      ['not of the form ID=DIR', './my model=exported'],
    ],
    [
      'two folders of one id',
      ['eval', '--embeddings=exported', '--embeddings=clip-scratch=exported'],
      ['both called "clip-scratch"', '--embeddings ID=DIR'],
    ],
    [
      'the id of a control',
      ['eval', '--embeddings=chance=exported'],
      ['"chance" names both embeddings and another row'],
    ],
  ];
  describe('wrong usage exits with code 2 and one clear error:', () => {
    let finished: readonly Ended[];
    beforeAll(async () => {
      finished = await medbenchSeries(
        wrong.map(([, args]) => args),
        { cwd },
      );
    });
    it.each(wrong.map(([what, , messages], i) => [what, i, messages] as const))('%s', (_, i, messages) => {
      const stderr = ended(2, finished[i]!);
      for (const message of messages) expect(stderr).toContain(message);
    });
  });
});

/** Written by scripts/oracles/foreign_embeddings.py, together with the arrays in the same folder. */
interface Figures {
  /** For the test split of phantom-global. */
  readonly labels: readonly number[];
  readonly 'zero-shot': Classified;
  readonly 'linear-probe': Classified & { readonly C: number };
  /** For embeddings of unit length. */
  readonly 'projected-probe': Classified & { readonly C: number };
  readonly retrieval: Readonly<Record<string, number>>;
}
interface Classified {
  readonly metrics: Readonly<Record<string, number>>;
  readonly predicted: readonly number[];
}

describe('embeddings of a PyTorch model give the figures of scikit-learn and NumPy', () => {
  const fixtures = join(repository, 'tests/fixtures');
  const figures = JSON.parse(readFileSync(join(fixtures, 'foreign-embeddings.json'), 'utf8')) as Figures;
  const given = `--embeddings=${join(fixtures, 'foreign-embeddings')}`;
  const row = 'random-torch';
  const evaluate = (out: string, ...args: string[]) =>
    ending(0, 'eval', given, '--preset=demo', '--set=controls=[]', `--out=${out}`, ...args);

  beforeAll(async () => {
    await providePhantoms(join(cwd, '.medbench'), 'pairs');
    await evaluate('foreign');
  });

  const expectMetrics = ({ metrics }: TaskResult, expected: Readonly<Record<string, number>>) => {
    expect(metrics).toMatchObject(Object.fromEntries(Object.keys(expected).map((name) => [name, {}])));
    for (const [name, value] of Object.entries(expected)) {
      const { value: got } = metrics[name]!;
      expect(Math.abs(got - value), `${name}: ${got}, not ${value}`).toBeLessThan(1e-9);
    }
  };
  const expectExamples = ({ perExample, classification }: TaskResult, { predicted }: Classified) => {
    expect(perExample).toEqual(predicted.map((label, i) => (label === figures.labels[i] ? 1 : 0)));
    const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
    predicted.forEach((label, i) => confusion[figures.labels[i]!]![label]!++);
    expect(classification?.confusion).toEqual(confusion);
  };

  it('zero-shot, from embeddings that are not normalised', () => {
    const [zeroShot] = storedResults('foreign', row, 'phantom-global');
    expect(zeroShot).toMatchObject({ protocol: 'zero-shot', n: 600 });
    expectMetrics(zeroShot!, figures['zero-shot'].metrics);
    expectExamples(zeroShot!, figures['zero-shot']);
  });

  it('linear probe, with the C of the grid that scikit-learn chooses', () => {
    const [, probe] = storedResults('foreign', row, 'phantom-global');
    expect(probe!.notes![0]).toMatch(new RegExp(`^C = ${figures['linear-probe'].C}, `));
    expectMetrics(probe!, figures['linear-probe'].metrics);
    expectExamples(probe!, figures['linear-probe']);
  });

  // packages/evaluation tests the setting; here it would be one more evaluation.
  nightly('linear probe on embeddings of unit length', async () => {
    const { C } = figures['projected-probe'];
    await evaluate('projected', '--tasks=phantom-global', '--set=evaluation.probe.features=after');
    const [, probe] = storedResults('projected', row, 'phantom-global');
    expect(probe!.notes![0]).toMatch(new RegExp(`^C = ${C}, `));
    expectMetrics(probe!, figures['projected-probe'].metrics);
    expectExamples(probe!, figures['projected-probe']);
  });

  it('retrieval both ways', () => {
    const [retrieval] = storedResults('foreign', row, 'phantom-retrieval');
    expect(retrieval).toMatchObject({ protocol: 'retrieval', n: 600 });
    expectMetrics(retrieval!, figures.retrieval);
  });
});
