import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@medbench/nn';
import { ensurePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';

const folder = temporaryFolder('weights');
const cwd = folder.path;
const run = (out: string, ...args: string[]) =>
  medbench(
    [
      'run',
      '--preset=demo',
      '--methods=clip',
      '--tasks=phantom-rare',
      '--set=controls=[]',
      `--out=${out}`,
      ...TINY,
      ...args,
    ],
    {
      cwd,
    },
  );
const exported = (...args: string[]) => medbench(['export', 'trained', ...args], { cwd });
const weightsOf = async (out: string) =>
  (await readSafetensors(join(cwd, out, 'checkpoints', 'clip', 'seed-0', 'weights.safetensors'))).tensors;

beforeAll(async () => {
  await ensurePhantoms(join(cwd, '.medbench'));
  expect((await run('trained')).code).toBe(0);
});
afterAll(() => folder.dispose());

describe('weights leave and enter a run', () => {
  it.each(['open_clip', 'hugging-face'])('in the layout %s, and training from them gives the same', async (layout) => {
    const { code, stdout } = await exported('--method=general', `--layout=${layout}`, `--out=${layout}`);
    expect(code).toBe(0);
    for (const file of stdout.trim().split('\n')) expect(existsSync(file)).toBe(true);
    const out = `from-${layout}`;
    const { code: ended, stderr } = await run(out, `--set=general.weights=${layout}`);
    expect(stderr).not.toContain('error');
    expect(ended).toBe(0);
    expect(await weightsOf(out)).toEqual(await weightsOf('trained'));
    const log = readFileSync(join(cwd, out, 'log.jsonl'), 'utf8');
    expect(log).toContain(`layout ${layout}`);
    // What is frozen stands in the log, with the numbers of parameters.
    expect(log).toContain('"frozen":{"image":{"blocks":"0 of 4","parameters":0}');
  });

  it('that do not fit are refused with what they are', async () => {
    const { code, stderr } = await run('refused', '--set=general.weights=open_clip', '--set=model.embedDim=32');
    expect(code).not.toBe(0);
    expect(stderr).toContain('does not fit the model');
    expect(stderr).toContain('a vision transformer of 4 blocks of 64 on 48 pixels in patches of 8');
  });

  it('of another activation are refused with the setting that helps', async () => {
    const { code, stderr } = await run('refused', '--set=general.weights=open_clip', '--set=model.activation=gelu');
    expect(code).not.toBe(0);
    expect(stderr).toContain('Set model.activation=quick-gelu');
  });

  it('that are nowhere are an error that says what was looked for', async () => {
    const { code, stderr } = await run('refused', '--set=general.weights=/nowhere/at/all');
    expect(code).not.toBe(0);
    expect(stderr).toContain('/nowhere/at/all is neither a file, nor a folder, nor the id of a model on the hub');
  });

  it('are exported for rows and seeds that there are', async () => {
    const { code, stderr } = await exported('--method=clip', '--seed=7', '--out=x');
    expect(code).toBe(2);
    expect(stderr).toContain('no finished weights of clip with seed 7');
    expect(stderr).toContain('Its seeds: 0');
    expect((await exported('--method=nope', '--out=x')).stderr).toContain('Its rows: clip, general');
  });
});

it('list encoders says what freezes together', async () => {
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
