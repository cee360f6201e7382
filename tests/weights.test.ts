import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eagerSession } from '@medbench/backend-kit';
import { runOnnx } from '@medbench/backends-compiled';
import { activateWasm } from '@medbench/backends-wasm';
import type { HostTensor, ImageEncoderModel, TextEncoderModel } from '@medbench/core';
import { normal } from '@medbench/core/testing';
import { GptDemo } from '@medbench/encoders-gpt';
import { VitDemo } from '@medbench/encoders-vit';
import { dualEncoder, readSafetensors } from '@medbench/nn';
import { towerProgram, towerWeights } from '@medbench/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, medbenchSeries, TINY, temporaryFolder } from './support/cli.js';
import { selected } from './support/full.js';
import { sameBytes } from './support/methods.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('weights');
const cwd = folder.path;
const FLAGS = ['--preset=demo', '--methods=clip', '--tasks=phantom-rare', '--set=controls=[]', ...TINY];
const runArgs = (out: string, ...args: string[]) => ['run', ...FLAGS, `--out=${out}`, ...args];
const run = (out: string, ...args: string[]) => medbench(runArgs(out, ...args), { cwd });
const exported = (...args: string[]) => medbench(['export', 'trained', ...args], { cwd });
/** Exports that are refused, in one process. */
const refusedExports = (...all: string[][]) =>
  medbenchSeries(
    all.map((args) => ['export', 'trained', ...args, '--out=x']),
    { cwd },
  );
const readWeights = async (out: string) =>
  (await readSafetensors(join(cwd, out, 'checkpoints', 'clip', 'seed-0', 'weights.safetensors'))).tensors;

beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
  expect((await run('trained')).code).toBe(0);
});
afterAll(() => folder.dispose());

/** Three texts as the exported JSON describes them: start id, token ids, end id, padding. */
function exampleIds(info: { contextLength: number; startId: number; endId: number; padId: number }): HostTensor {
  const { contextLength, startId, endId, padId } = info;
  const rows = [[320, 1125], [7, 8, 9], []].map((ids) => [startId, ...ids, endId]);
  const data = rows.flatMap((row) => [...row, ...Array<number>(contextLength - row.length).fill(padId)]);
  return { shape: [3, contextLength], dtype: 'int32', data: Int32Array.from(data) };
}

describe('exported weights', () => {
  it.each(selected('in the layout', [['open_clip'], ['hugging-face']] as const, ['open_clip']))(
    'in the layout %s start a training that gives the same result',
    async (layout) => {
      const { code, stdout } = await exported('--method=general', `--layout=${layout}`, `--out=${layout}`);
      expect(code).toBe(0);
      for (const file of stdout.trim().split('\n')) expect(existsSync(file)).toBe(true);
      const out = `from-${layout}`;
      const { code: ended, stderr } = await run(out, `--set=general.weights=${layout}`);
      expect(stderr).not.toContain('error');
      expect(ended).toBe(0);
      const [found, expected] = [await readWeights(out), await readWeights('trained')];
      expect(Object.keys(found)).toEqual(Object.keys(expected));
      for (const [name, { shape, data }] of Object.entries(expected)) {
        expect(found[name]!.shape, name).toEqual(shape);
        expect(sameBytes(found[name]!.data, data), name).toBe(true);
      }
      const log = readFileSync(join(cwd, out, 'log.jsonl'), 'utf8');
      expect(log).toContain(`layout ${layout}`);
      // The log lists the frozen parts, with their numbers of parameters.
      expect(log).toContain('"frozen":{"image":{"blocks":"0 of 4","parameters":0}');
    },
  );

  it('that do not fit, are of another activation or do not exist are refused with the way out', async () => {
    const given = '--set=general.weights=open_clip';
    const [size, activation, missing] = await medbenchSeries(
      [
        runArgs('refused', given, '--set=model.embedDim=32'),
        runArgs('refused', given, '--set=model.activation=gelu'),
        runArgs('refused', '--set=general.weights=/nowhere/at/all'),
      ],
      { cwd },
    );
    for (const { code } of [size!, activation!, missing!]) expect(code).not.toBe(0);
    // With their shapes.
    expect(size!.stderr).toContain('does not fit the model');
    expect(size!.stderr).toContain('a vision transformer of 4 blocks of 64 on 48 pixels in patches of 8');
    // With the setting that helps.
    expect(activation!.stderr).toContain('Set model.activation=quick-gelu');
    // With the places that were searched.
    expect(missing!.stderr).toContain(
      '/nowhere/at/all is neither a file, nor a folder, nor the id of a model on the hub',
    );
  });

  it.each(['image', 'text'] as const)('as an ONNX file of the %s tower give the same embeddings', async (tower) => {
    const { code, stdout, stderr } = await exported('--method=clip', `--tower=${tower}`, '--format=onnx', '--out=onnx');
    expect(stderr).toMatch(/^It gives the same embeddings as medbench \(largest relative difference \d/);
    expect(code).toBe(0);
    const files = ['onnx', 'json'].map((ending) => join(cwd, 'onnx', `${tower}.${ending}`));
    expect(stdout.trim().split('\n')).toEqual(files);
    const info = JSON.parse(readFileSync(files[1]!, 'utf8'));
    expect(info).toMatchObject({ method: 'clip', seed: 0, tower, embedDim: 64, output: { normalised: true } });
    const [name, given]: [string, HostTensor] =
      tower === 'image' ? ['images', normal('images', [3, 48, 48, 3])] : ['ids', exampleIds(info.preprocessing)];
    expect(info.input).toMatchObject({ name, shape: ['batch', ...given.shape.slice(1)], dtype: given.dtype });
    const { embeddings } = await runOnnx(readFileSync(files[0]!), { [name]: given });
    const trained = await readWeights('trained');
    const options = { embedDim: 64, vocabSize: trained['token_embedding.weight']!.shape[0]! };
    const model = dualEncoder(
      new VitDemo().build(options) as ImageEncoderModel,
      new GptDemo().build(options) as TextEncoderModel,
    );
    const weights = towerWeights(model, tower, trained);
    const eager = await eagerSession(towerProgram(model, tower, 3), weights, { activate: activateWasm });
    const expected = (await eager.step({ [name]: given })).embeddings!;
    expect(embeddings!.shape).toEqual([3, 64]);
    expected.data.forEach((value, i) => expect(Math.abs(embeddings!.data[i]! - value)).toBeLessThan(1e-5));
  });

  it('can be the safetensors of one tower', async () => {
    const { code, stdout } = await exported('--method=clip', '--tower=text', '--out=tower');
    expect(code).toBe(0);
    const { tensors } = await readSafetensors(stdout.split('\n')[0]!);
    const all = await readWeights('trained');
    const textNames = Object.keys(all).filter((name) => !name.startsWith('visual.') && name !== 'logit_scale');
    expect(Object.keys(tensors).sort()).toEqual(textNames.sort());
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      expect(shape, name).toEqual(all[name]!.shape);
      expect(sameBytes(data, all[name]!.data), name).toBe(true);
    }
  });

  it('are refused for flags that exclude each other, which the error names', async () => {
    const cases: [string[], string][] = [
      [['--format=onnx'], '--tower image or --tower text'],
      [['--format=onnx', '--tower=text', '--layout=hugging-face'], '--layout is for'],
      [['--batch=2'], 'Add --format onnx'],
      [['--format=onnx', '--tower=text', '--batch=0'], 'Give a whole number of at least 1'],
    ];
    const refused = await refusedExports(...cases.map(([args]) => ['--method=clip', ...args]));
    expect(existsSync(join(cwd, 'x'))).toBe(false);
    for (const [i, { code, stderr }] of refused.entries()) {
      expect(code).toBe(2);
      expect(stderr).toContain(cases[i]![1]);
    }
  });

  it('are refused for unknown rows and seeds', async () => {
    const [seed, row] = await refusedExports(['--method=clip', '--seed=7'], ['--method=nope']);
    expect(seed!.code).toBe(2);
    expect(seed!.stderr).toContain('no finished weights of clip with seed 7');
    expect(seed!.stderr).toContain('Its seeds: 0');
    expect(row!.stderr).toContain('Its rows: clip, general');
  });
});

it('plan predicts the trained parameters that a run reports', async () => {
  const { code, stdout } = await medbench(['plan', ...FLAGS, '--out=trained', '--json'], { cwd });
  expect(code).toBe(0);
  const plan = JSON.parse(stdout);
  const { run: done, training, cells } = JSON.parse(readFileSync(join(cwd, 'trained', 'results.json'), 'utf8'));
  expect(plan).toMatchObject({ backend: done.backend, exists: true, totals: { trainings: 2, cells: 1 } });
  expect(new Set(cells.map(({ task }: { task: string }) => task))).toEqual(new Set(plan.tasks));
  const { parameters, steps, setup } = training[0];
  const [general, clip] = plan.rows;
  expect(clip).toMatchObject({ id: 'clip', parameters, steps, start: setup.start, pairsPerStep: 16 });
  const log = readFileSync(join(cwd, 'trained', 'log.jsonl'), 'utf8').split('\n');
  const began = JSON.parse(log.find((line) => line.includes('"training":"general","parameters"'))!);
  expect(general).toMatchObject({ id: 'general', parameters: began.parameters, steps: began.steps });
});

it('list encoders prints the stages that freeze together', async () => {
  const encoders = JSON.parse((await medbench(['list', 'encoders', '--json'], { cwd })).stdout) as {
    id: string;
    stages: unknown;
  }[];
  expect(encoders.find(({ id }) => id === 'vit-b-16')!.stages).toEqual({
    embedding: 743_424,
    blocks: Array(12).fill(7_087_872),
    head: 394_752,
  });
});
