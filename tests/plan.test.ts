import { readdirSync } from 'node:fs';
import { XlaCpu } from '@medbench/backends-xla';
import { afterAll, describe, expect, it } from 'vitest';
import { medbench, medbenchSeries, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';

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
const { available: xla } = await new XlaCpu().status();
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
    const commands = [['plan'], ['run', '--preset=demo', '--out=refused']].map((command) => [...command, ...args]);
    for (const { code, stderr } of await medbenchSeries(commands, { cwd })) {
      expect(code).toBe(2);
      expect(stderr).toMatch('training.precision is bfloat16, which the backend wasm does not have');
    }
  });

  it('refuses devices that cannot divide the batch, or that the backend does not have', async () => {
    const args = ['--methods=clip', '--tasks=vqa-rad', '--backend=wasm', '--set=training.batchSize=8'];
    for (const [settings, message] of [
      [['training.devices=3'], 'training.batchSize is 8, which training.devices=3 cannot divide'],
      [
        ['training.devices=4', 'training.chunkSize=2'],
        'training.chunkSize is 2, which training.devices=4 cannot divide',
      ],
      [['training.devices=2'], 'training.devices is 2, and the backend wasm has 1'],
    ] as const) {
      const { code, stderr } = await medbench(['plan', ...args, ...settings.map((one) => `--set=${one}`)], { cwd });
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
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

  it('refuses wrong ids and settings as run does', async () => {
    const wrong = {
      '--methods=clipp': 'Did you mean "clip"?',
      '--set=training.stepz=3': 'did you mean "steps"?',
      '--backend=wasmm': 'Did you mean "wasm"?',
      '--preset=dmeo': 'Did you mean "demo"?',
    };
    const commands = Object.keys(wrong).map((flag) => ['plan', flag]);
    const messages = Object.values(wrong);
    for (const [i, { code, stdout, stderr }] of (await medbenchSeries(commands, { cwd })).entries()) {
      expect([code, stdout], messages[i]!).toEqual([2, '']);
      expect(stderr).toContain(messages[i]!);
    }
  });

  describe.runIf(xla)('on xla-cpu', () => {
    const small = ['--methods=clip-scratch', '--tasks=vqa-rad', '--set=training.batchSize=8', '--set=controls=[]'];

    nightly('has the memory of the step by the compiler, and says what is in which precision', async () => {
      const args = [...small, '--backend=xla-cpu', '--set=training.precision=bfloat16'];
      const { code, stdout } = await medbench(['plan', ...args], { cwd });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^precision bfloat16: matrix products .* in bfloat16; .* in float32$/m);
      // The process with XLA takes 720 MiB.
      const [, peak] = stdout.match(/^clip-scratch .* 8 +(\d{3}) +1 +1$/m)!;
      expect(Number(peak)).toBeGreaterThan(720);
      expect(Number(peak)).toBeLessThan(900);
    });

    nightly('times steps, which later plans and doctor show, and changes no backend by them', async () => {
      const measured = await medbench(['plan', '--measure', 'backends', ...small], { cwd });
      expect(measured.code).toBe(0);
      for (const id of ['compiled', 'xla-cpu'])
        expect(measured.stderr).toMatch(new RegExp(`^clip-scratch on ${id}: \\d+ ms per step$`, 'm'));
      const sentence =
        /^ *clip-scratch.*: (?:xla-cpu|compiled) [\d.]+ ms, (?:xla-cpu|compiled) [\d.]+ ms per step; .* times as fast as/m;
      expect(measured.stdout).toMatch(sentence);
      expect(measured.stdout).toMatch(/^backend compiled: /m);
      const [later, other, doctor] = await medbenchSeries(
        [['plan', ...small], ['plan', ...small, '--set=training.batchSize=4'], ['doctor']],
        { cwd },
      );
      expect(later!.stdout).toMatch(sentence);
      expect(other!.stdout).not.toMatch(sentence);
      expect(doctor!.stdout).toMatch(sentence);
      expect(doctor!.stdout).toContain('(vit-demo and gpt-demo, batch size 8, 1 thread)');
    });
  });

  it.each(['MEDBENCH_MEMORY', 'MEDBENCH_THREADS'])('refuses a value of %s that is not a number', async (name) => {
    const args = ['plan', '--methods=clip-scratch', '--tasks=vqa-rad'];
    const { code, stdout, stderr } = await medbench(args, { cwd, env: { [name]: 'much' } });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${name} is "much"`);
  });
});
