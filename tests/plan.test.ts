import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { medbench, temporaryFolder } from './support/cli.js';

const folder = temporaryFolder('plan');
const cwd = folder.path;
afterAll(() => folder.dispose());

interface Row {
  readonly id: string;
  readonly [field: string]: unknown;
}
const planned = async (...args: string[]) => {
  const { code, stdout } = await medbench(['plan', '--json', ...args], { cwd });
  const plan = JSON.parse(stdout) as { rows: Row[]; totals: unknown; seeds: number[]; backend: string };
  return { code, ...plan, of: (id: string) => plan.rows.find((row) => row.id === id) };
};
const CLIP = ['--set=encoders.image=vit-b-16', '--set=encoders.text=gpt-77', '--set=model.merges=null'];

describe('medbench plan', () => {
  it('counts the published parameters of CLIP, and those that train beside a locked tower', async () => {
    const { code, of, totals } = await planned(
      '--methods=clip,clip-locked,flip',
      '--tasks=vqa-rad,pneumoniamnist',
      '--seed=0,1,2',
      '--set=controls=["chance"]',
      '--set=model.embedDim=512',
      '--set=training.steps=70',
      '--set=training.batchSize=32',
      '--set=training.chunkSize=8',
      ...CLIP,
    );
    expect(code).toBe(0);
    // ViT-B/16 of open_clip, its text tower, and the logit scale.
    const total = 149_620_737;
    const training = { start: 'general', steps: 70, pairsPerStep: 32, chunkSize: 8, trainings: 3, cells: 6 };
    expect(of('clip')).toMatchObject({ ...training, parameters: { total, trainable: total } });
    expect(of('clip-locked')).toMatchObject({ ...training, parameters: { total, trainable: 63_428_096 + 1 } });
    expect((of('flip')!.phases as number[]).reduce((a, b) => a + b)).toBe(70);
    expect(of('general')).toMatchObject({ start: 'scratch', steps: 500, trainings: 1, cells: 0 });
    expect(of('chance')).not.toHaveProperty('parameters');
    expect(totals).toMatchObject({ trainings: 10, steps: 500 + 9 * 70 });
  });

  it('writes nothing', () => expect(readdirSync(cwd)).toEqual([]));

  it('refuses a precision that the backend does not have, as a run does before it trains', async () => {
    const args = ['--methods=clip', '--tasks=vqa-rad', '--backend=wasm', '--set=training.precision=bfloat16'];
    for (const command of [['plan'], ['run', '--preset=demo', '--out=refused']]) {
      const { code, stderr } = await medbench([...command, ...args], { cwd });
      expect(code).toBe(2);
      expect(stderr).toMatch('training.precision is bfloat16, which the backend wasm does not have');
    }
  });

  it('prints a table, and the reason why a row cannot be trained', async () => {
    const { code, stdout } = await medbench(
      ['plan', '--methods=clip-scratch,flip', '--tasks=vqa-rad', '--set=encoders.image=rn-demo'],
      { cwd },
    );
    expect(code).toBe(1);
    expect(stdout).toContain('backend compiled');
    expect(stdout).toMatch(/^clip-scratch +scratch +1,993,689 +1,993,689 +0 +600 +64 +[\d,]+ +1 +1$/m);
    expect(stdout).toContain('flip cannot be trained: rn-demo has no patches');
    expect(stdout).not.toContain('general ');
  });

  it.each([
    ['--methods=clipp', 'Did you mean "clip"?'],
    ['--set=training.stepz=3', 'did you mean "steps"?'],
    ['--backend=wasmm', 'Did you mean "wasm"?'],
    ['--preset=dmeo', 'Did you mean "demo"?'],
  ])('refuses %s as run does', async (flag, message) => {
    const { code, stdout, stderr } = await medbench(['plan', flag], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it.each(['MEDBENCH_MEMORY', 'MEDBENCH_THREADS'])('refuses a value of %s that is not a number', async (name) => {
    const args = ['plan', '--methods=clip-scratch', '--tasks=vqa-rad'];
    const { code, stdout, stderr } = await medbench(args, { cwd, env: { [name]: 'much' } });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${name} is "much"`);
  });
});
