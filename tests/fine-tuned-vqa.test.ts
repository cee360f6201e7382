// A run with fine-tuned VQA: its cells beside those of the frozen head, killed and resumed, and what it leaves alone.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';
import { withoutTimes } from './support/without-times.js';

const folder = temporaryFolder('fine-tuned-vqa');
const cwd = folder.path;
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

const PLAIN = [
  ...['run', '--preset=demo', '--methods=clip-scratch', '--tasks=vqa-rad', ...TINY, '--set=corpora=["phantoms"]'],
  ...['--set=evaluation.vqa.epochs=1', '--set=evaluation.vqa.minSteps=20', '--set=leaks.check=false'],
];
/** 120 questions: two epochs of 15 steps. */
const TUNED = [
  ...PLAIN,
  ...['head=ban', 'epochs=2', 'batchSize=8'].map((setting) => `--set=evaluation.fineTunedVqa.${setting}`),
];
const results = (out: string): RunResults => JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8'));
const logged = (out: string) =>
  readFileSync(join(cwd, out, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter(({ training }) => String(training).startsWith('vqa-fine-tuned'));

describe('a run with fine-tuned VQA', () => {
  beforeAll(async () => {
    const { code, stderr } = await medbench([...TUNED, '--out=whole'], { cwd });
    expect(code, stderr).toBe(0);
  });

  it('has a column for it beside that of the frozen head, on the same questions, with its controls', () => {
    const { cells, protocols } = results('whole');
    expect(protocols!.map(({ id }) => id)).toEqual(['vqa', 'vqa-fine-tuned']);
    expect(cells.filter(({ status }) => status !== 'ok')).toEqual([]);
    for (const method of ['clip-scratch', 'untrained', 'majority', 'question-only']) {
      const own = cells.filter((cell) => cell.method === method);
      expect(own.map(({ protocol, n }) => [protocol, n])).toEqual([
        ['vqa', 60],
        ['vqa-fine-tuned', 60],
      ]);
    }
    const notes = cells.find(({ method, protocol }) => method === 'clip-scratch' && protocol === 'vqa-fine-tuned')!
      .notes!;
    expect(notes[0]).toContain('towers and head trained by Adamax for 2 epochs of 15 steps');
    expect(existsSync(join(cwd, 'whole', 'measuring'))).toBe(false);
  });

  nightly('killed within a fine-tuning, resumes and ends with the same figures', async () => {
    const state = join(
      cwd,
      'killed',
      'measuring',
      'clip-scratch+vqa-rad+seed-0',
      'vqa-fine-tuned',
      'resume.safetensors',
    );
    const { code } = await medbench([...TUNED, '--out=killed'], {
      cwd,
      started: (child) => {
        const timer = setInterval(() => {
          if (!existsSync(state)) return;
          clearInterval(timer);
          child.kill('SIGKILL');
        }, 5);
        child.once('close', () => clearInterval(timer));
      },
    });
    expect(code).not.toBe(0);
    const again = await medbench([...TUNED, '--out=killed'], { cwd });
    expect(again.code, again.stderr).toBe(0);
    expect(logged('killed').some(({ row, resumedAt }) => row === 'clip-scratch' && Number(resumedAt) >= 15)).toBe(true);
    expect(withoutTimes(results('killed'))).toEqual(withoutTimes(results('whole')));
  });

  it('leaves the figures of the frozen head as they are without it', async () => {
    const { code, stderr } = await medbench([...PLAIN, '--out=plain'], { cwd });
    expect(code, stderr).toBe(0);
    const frozen = (out: string) =>
      results(out).cells.flatMap(({ method, protocol, metrics }) => (protocol === 'vqa' ? [[method, metrics]] : []));
    expect(frozen('plain')).toEqual(frozen('whole'));
    expect(results('plain').protocols!.map(({ id }) => id)).toEqual(['vqa']);
  });

  it('does not touch cells while it is off, whatever its settings', async () => {
    const cell = join(cwd, 'plain', 'cells', 'clip-scratch', 'vqa-rad', 'seed-0.json');
    const { mtimeMs } = statSync(cell);
    const { code } = await medbench([...PLAIN, '--set=evaluation.fineTunedVqa.epochs=7', '--out=plain'], { cwd });
    expect(code).toBe(0);
    expect(statSync(cell).mtimeMs).toBe(mtimeMs);
  });
});
