import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, medbench, medbenchSeries, repository, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('check');
const cwd = folder.path;
afterAll(() => folder.dispose());

const WRONG = join(repository, 'tests/fixtures/wrong-plugins');
/** Faulty packages, each with the kind and id of its plugin and the expected message. */
const FAULTS: Readonly<Record<string, string>> = {
  'nan-loss':
    'Class NanLoss of wrong-nan-loss (method "nan-loss"): the loss is NaN at step 0; look for a logarithm, root or quotient of zero',
  'nan-metric':
    'Class NanMetric of wrong-nan-metric (task "nan-metric"), protocol zero-shot: the metric "accuracy" is NaN, not a finite number. Check the examples that it measures and how it computes the metric from them.',
  'no-parameter':
    'Class NoParameter of wrong-no-parameter (method "no-parameter"): the loss depends on no trainable parameter; compute it from the representations',
  'no-terms':
    'Class NoTerms of wrong-no-terms (method "no-terms"): objective() returns no terms; return { loss, terms: {} } if the loss has no parts',
  'not-exported': '"./package.json" is not exported; add "./package.json": "./package.json" to "exports"',
  'unknown-question':
    'class UnknownQuestion, method "unknown-question": question is "novelty"; make it one of baseline, transfer, unimodal, granularity',
  'vector-loss':
    'Class VectorLoss of wrong-vector-loss (method "vector-loss"): the loss is a tensor of shape [8] (float32), not a scalar; reduce it, for example with tf.mean',
};

describe('medbench check', () => {
  it('accepts the example plugin', async () => {
    const { code, stdout } = await medbench(['check', join(repository, 'examples/third-party-method')], { cwd });
    expect(stdout).toBe('medbench-method-sigmoid: method "sigmoid"\n\n1 package, 0 faults\n');
    expect(code).toBe(0);
  });

  it('reports the fault of each of seven faulty plugins, one line each', async () => {
    const { code, stdout } = await medbench(['check', WRONG], { cwd });
    const lines = Object.entries(FAULTS).flatMap(([id, fault]) => [
      `wrong-${id}: ${id === 'nan-metric' ? 'task' : 'method'} "${id}"`,
      `  fault: ${fault}`,
    ]);
    expect(stdout.split('\n')).toEqual([...lines, '', '7 packages, 7 faults', '']);
    expect(code).toBe(1);
    const json = JSON.parse((await medbench(['check', join(WRONG, 'no-terms'), '--json'], { cwd })).stdout);
    expect(json).toEqual([
      {
        name: 'wrong-no-terms',
        plugins: ['method "no-terms"'],
        faults: [FAULTS['no-terms']],
        notes: [],
        dir: join(WRONG, 'no-terms'),
      },
    ]);
  });

  it('reports a folder without a plugin package', async () => {
    const { code, stderr } = await medbench(['check', cwd], { cwd });
    expect(stderr).toContain(`There is no plugin package in ${cwd} or in its folders`);
    expect(code).toBe(2);
  });
});

describe('a run with faulty plugins', () => {
  const lab = join(cwd, 'lab');
  const WRONG_METHODS = ['nan-loss', 'no-parameter', 'no-terms', 'vector-loss'];
  beforeAll(async () => {
    mkdirSync(lab);
    writeFileSync(join(lab, 'package.json'), '{"name": "lab"}');
    const plugins = [...WRONG_METHODS, 'nan-metric'].map((name) => join(WRONG, name));
    writeFileSync(join(lab, 'medbench.config.json'), JSON.stringify({ plugins, corpora: ['phantoms'] }));
    await providePhantoms(join(cwd, '.medbench'));
  });

  it('writes the same messages into the cells, and keeps no value that is not a finite number', async () => {
    const methods = `--methods=${WRONG_METHODS.join(',')},clip-scratch`;
    const set = ['--set=controls=["chance"]', '--set=leaks.check=false'];
    const args = ['run', methods, '--tasks=nan-metric', '--out=run', ...set, ...TINY];
    const { code, stderr } = await medbench(args, { cwd: lab, env: { MEDBENCH_CACHE: join(cwd, '.medbench') } });
    expect(code, stderr).toBe(1);
    const { cells }: RunResults = JSON.parse(readFileSync(join(lab, 'run/results.json'), 'utf8'));
    expect(cells.every(({ status, value }) => status === 'failed' && value === null)).toBe(true);
    const cellError = (id: string) => cells.find(({ method }) => method === id)?.error;
    for (const id of ['no-parameter', 'no-terms']) expect(cellError(id)).toBe(FAULTS[id]);
    // The batch of a run has another shape than that of the check.
    expect(cellError('vector-loss')).toBe(FAULTS['vector-loss']!.replace('[8]', '[16]'));
    // The message is the trainer's, with row and step. It must not blame a difference between backends.
    expect(cellError('nan-loss')).toMatch(/^The loss of nan-loss is NaN at step 0 \(seed 0\)/);
    for (const id of ['clip-scratch', 'chance']) expect(cellError(id)).toBe(FAULTS['nan-metric']);
  });

  it('fails on "all" when a plugin cannot be used, and names packages that only look like plugins', async () => {
    const other = join(cwd, 'other');
    mkdirSync(join(other, 'node_modules'), { recursive: true });
    const dependencies = ['wrong-unknown-question', 'wrong-not-exported'];
    for (const name of dependencies) symlinkSync(join(WRONG, name.slice(6)), join(other, 'node_modules', name));
    const json = { name: 'other', dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])) };
    writeFileSync(join(other, 'package.json'), JSON.stringify(json));
    const question =
      'method "unknown-question": question is "novelty"; make it one of baseline, transfer, unimodal, granularity';
    const looks =
      'it looks like a plugin but is not taken as one; in its package.json, add "./package.json": "./package.json" to "exports"';
    const [all, named, methods, listed] = (await medbenchSeries(
      [
        ['plan', '--methods=all', '--tasks=vqa-rad', '--backend=wasm'],
        ['plan', '--methods=clip-scratch', '--tasks=vqa-rad', '--json', '--backend=wasm'],
        ['list', 'methods', '--json'],
        ['list', 'plugins', '--json'],
      ],
      { cwd: other },
    )) as [Ended, Ended, Ended, Ended];
    expect([all.code, all.stdout]).toEqual([2, '']);
    expect(all.stderr).toContain(`"all" would leave methods out. wrong-unknown-question cannot be used: ${question}`);
    expect(all.stderr).toContain('or name the methods in place of "all" (medbench list methods)');
    expect(all.stderr).toContain(`warning: wrong-not-exported: ${looks}\n`);

    expect(named.code).toBe(0);

    expect(methods.code).toBe(0);
    expect(JSON.parse(methods.stdout).map(({ id }: { id: string }) => id)).not.toContain('unknown-question');
    expect(methods.stderr).toContain(`warning: wrong-unknown-question cannot be used: ${question}\n`);
    expect(methods.stderr).toContain(`warning: wrong-not-exported: ${looks}\n`);

    const plugins = JSON.parse(listed.stdout);
    expect(plugins).toContainEqual(
      expect.objectContaining({ package: 'wrong-unknown-question', state: 'broken', reason: question }),
    );
    expect(plugins).toContainEqual(
      expect.objectContaining({ package: 'wrong-not-exported', state: 'not taken', reason: looks }),
    );
  });
});
