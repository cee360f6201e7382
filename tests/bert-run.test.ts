import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { HostTensors } from '@medbench/core';
import { readNpy } from '@medbench/formats';
import { readSafetensors, writeSafetensors } from '@medbench/nn';
import { weightByFormula } from '@medbench/nn/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';
import { sameBytes } from './support/methods.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('bert-run');
const cwd = folder.path;
const BERT = ['--set=encoders.text=bert-demo', '--set=methods=["clip","coca"]'];
const FLAGS = ['--preset=demo', '--tasks=phantom-rare', '--set=controls=[]', ...TINY, ...BERT];

beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

const readWeights = async (run: string, row: string): Promise<HostTensors> =>
  (await readSafetensors(join(cwd, run, 'checkpoints', row, 'seed-0', 'weights.safetensors'))).tensors;

/** A checkpoint by open_clip (`scripts/oracles/foreign_checkpoint.py`), and what it embeds. */
const oracle: {
  readonly config: object;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly texts: readonly number[][];
  readonly images: readonly number[][];
} = JSON.parse(readFileSync(new URL('fixtures/foreign-checkpoint.json', import.meta.url), 'utf8'));
const PIECES = new URL('../packages/data/assets/word-pieces.txt.gz', import.meta.url);

describe('a checkpoint shaped like BiomedCLIP', () => {
  beforeAll(async () => {
    const weights = Object.entries(oracle.parameters).map(([name, shape]) => [name, weightByFormula(name, shape)]);
    const path = join(cwd, 'checkpoint');
    await mkdir(path);
    await writeSafetensors(join(path, 'open_clip_model.safetensors'), Object.fromEntries(weights), {});
    await writeFile(join(path, 'open_clip_config.json'), JSON.stringify(oracle.config));
    await writeFile(join(path, 'vocab.txt'), gunzipSync(readFileSync(PIECES)));
  });

  it('embeds as open_clip does, to 1e-4, with the towers, context and vocabulary of its configuration', async () => {
    const args = ['embed', '--weights=checkpoint', '--preset=demo', '--tasks=phantom-global', '--out=embedded'];
    const { code, stdout, stderr } = await medbench(args, { cwd });
    expect(stderr).toContain('checkpoint: vit-timm-demo and bert-demo-mlp');
    expect([code, stdout.trim()]).toEqual([0, join(cwd, 'embedded', 'phantom-global')]);
    for (const [name, expected] of [
      ['prompts.texts', oracle.texts],
      ['test.images', oracle.images],
    ] as const) {
      const { data, shape } = await readNpy(join(cwd, 'embedded', 'phantom-global', `${name}.npy`));
      const width = shape[1]!;
      const apart = expected.flatMap((row, i) => row.map((value, j) => Math.abs(value - Number(data[i * width + j]))));
      expect(apart.length, name).toBeGreaterThan(700);
      expect(Math.max(...apart), name).toBeLessThan(1e-4);
    }
  });
});

describe('a run with a BERT as text tower', () => {
  nightly('trains, names why CoCa cannot, starts from a BERT, and writes one', async () => {
    const plan = await medbench(['plan', ...FLAGS], { cwd });
    expect(plan.stdout).toContain('coca cannot be trained: captioning needs a causal text tower');
    const first = await medbench(['run', ...FLAGS, '--set=methods=["clip"]', '--out=first'], { cwd });
    expect([first.code, first.stderr.includes('error')]).toEqual([0, false]);
    const out = ['--tower=text', '--layout=hugging-face', '--out=written'];
    const { code, stdout } = await medbench(['export', 'first', '--method=clip', ...out], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('vocab.txt');
    const given = ['--set=general.text=written', '--set=model.vocabulary=written', '--set=general.steps=0'];
    const next = ['--set=methods=["clip"]', '--set=training.steps=0', '--out=second', ...given];
    const second = await medbench(['run', ...FLAGS, ...next], { cwd });
    expect(second.code).toBe(0);
    expect(readFileSync(join(cwd, 'second', 'log.jsonl'), 'utf8')).toContain(
      'drawn, because the file lacks them: proj.weight',
    );
    const [trained, started] = [await readWeights('first', 'clip'), await readWeights('second', 'clip')];
    for (const [name, { data }] of Object.entries(trained)) {
      if (name.startsWith('transformer.')) expect(sameBytes(started[name]!.data, data), name).toBe(true);
    }
    const onnx = await medbench(['export', 'first', '--method=clip', '--tower=text', '--format=onnx', '--out=onnx'], {
      cwd,
    });
    expect(onnx.stderr).toContain('It gives the same embeddings as medbench');
    const info = JSON.parse(readFileSync(join(cwd, 'onnx', 'text.json'), 'utf8'));
    expect(info.preprocessing).toMatchObject({
      tokenizer: "BERT's word pieces",
      vocabulary: 4096,
      padId: 0,
      startId: 2,
    });
  });
});
