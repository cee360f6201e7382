import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, medbenchSeries, TINY, temporaryFolder } from './support/cli.js';
import { nightly } from './support/full.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('study');
const cwd = folder.path;
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
});
afterAll(() => folder.dispose());

const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(cwd, ...path), 'utf8')) as T;

const STUDY = `
id: two-sizes
title: Two sizes
question: Do general-domain weights help, whatever the size?
config:
  methods: [clip-scratch, clip]
  controls: [chance]
  corpora: [phantoms]
  tasks: [phantom-local]
  synthetic: true
variants:
  - { id: vit, title: a ViT, config: { encoders: { image: vit-demo } } }
  - { id: wide, title: wide embeddings, config: { model: { embedDim: 96 } } }
questions:
  - { id: weights, question: Do general-domain weights help?, against: clip-scratch, rows: [clip] }
`;

describe('medbench study FILE', () => {
  it('runs each variant, joins them, answers the question, and resumes', async () => {
    writeFileSync(join(cwd, 'study.yaml'), STUDY);
    const args = ['study', 'study.yaml', ...TINY];
    const first = await medbench(args, { cwd });
    expect(first.stderr).not.toContain('error');
    expect(first.code).toBe(0);
    const out = ['runs', 'two-sizes'];
    const results = read<RunResults>(...out, 'results.json');
    expect(results.tasks.map(({ id }) => id)).toEqual(['phantom-local@vit', 'phantom-local@wide']);
    expect(results.run.study).toMatchObject({ id: 'two-sizes', variants: [{ id: 'vit' }, { id: 'wide' }] });
    for (const variant of ['vit', 'wide']) {
      const alone = read<RunResults>(...out, variant, 'results.json');
      const values = (of: RunResults, task: string) =>
        of.cells.filter((cell) => cell.task === task).map(({ value }) => value);
      expect(values(results, `phantom-local@${variant}`)).toEqual(values(alone, 'phantom-local'));
      expect(existsSync(join(cwd, ...out, variant, 'report.html'))).toBe(true);
    }
    const { answers } = read<{ answers: { id: string; sentence: string }[] }>(...out, 'study.json');
    expect(answers.map(({ id }) => id)).toEqual(['weights']);
    expect(answers[0]!.sentence).toMatch(
      /^On generated phantoms.*with one training.*: against clip-scratch, with a ViT, clip.*with wide embeddings, clip/s,
    );
    expect(first.stdout).toContain(answers[0]!.sentence);
    expect(existsSync(join(cwd, ...out, 'report.html'))).toBe(true);

    const second = await medbench(args, { cwd });
    expect(second.code).toBe(0);
    expect(second.stderr).not.toMatch(/done in/);
    expect(read(...out, 'results.json')).toEqual(results);
  });

  it('reports faults of a study file', async () => {
    writeFileSync(join(cwd, 'wrong.json'), '{"id": "x", "titel": "X"}');
    const commands = ['papre', 'wrong.json'].map((file) => ['study', file]);
    const [unknown, wrong] = await medbenchSeries(commands, { cwd });
    expect(unknown!.code).toBe(2);
    expect(unknown!.stderr).toContain('Unknown study "papre"');
    expect(unknown!.stderr).toContain('Did you mean "paper"?');
    expect(wrong!.code).toBe(2);
    expect(wrong!.stderr).toContain('wrong.json is not a study');
    expect(wrong!.stderr).toContain('titel');
  });
});

const SEARCH = {
  id: 'halving',
  title: 'Halving',
  question: 'Which?',
  config: {
    ...{ synthetic: true, corpora: [], controls: ['chance'] },
    methodSettings: { slip: { hidden: 32, output: 16 } },
  },
  variants: [{ id: 'breast', title: 'ultrasound', config: { tasks: ['breastmnist'] } }],
  search: { methods: ['slip'], setting: 'lambda', values: [0.1, 1], baseline: 'clip', usual: 1, eta: 3 },
};

describe('a study that searches', () => {
  nightly('continues trainings from rung to rung, and ends with the weights of an uninterrupted training', async () => {
    writeFileSync(join(cwd, 'halving.json'), JSON.stringify(SEARCH));
    const short = [...TINY, '--set=training.steps=9'];
    const args = ['study', 'halving.json', '--out=halving', '--grid', ...short];
    const first = await medbench(args, { cwd });
    expect(first.stderr).not.toContain('error');
    expect(first.code).toBe(0);
    const [choice] = read<{ value: number; steps: number; gridSteps: number }[]>('halving', 'search.json');
    // Two values train to step 3, and one of them to step 9.
    expect([choice!.steps, choice!.gridSteps]).toEqual([2 * 3 + 6, 18]);
    const rung = read<RunResults>('halving', 'breast', 'search', 'slip-rung-1', 'results.json');
    // The phantoms have 16 validation images and 24 test images.
    expect(new Set(rung.cells.map(({ n }) => n))).toEqual(new Set([16]));
    const results = read<RunResults>('halving', 'results.json');
    expect(new Set(results.cells.map(({ n }) => n))).toEqual(new Set([24]));
    const rowValue = (method: string) => results.cells.find((cell) => cell.method === method)!.value;
    expect(rowValue('slip:lambda=chosen')).toBe(rowValue(`slip:lambda=${choice!.value}`));
    const { answers } = read<{ answers: { id: string; sentence: string }[] }>('halving', 'study.json');
    expect(answers.map(({ id }) => id)).toEqual(['slip-chosen', 'slip-per-modality', 'slip-grid']);
    expect(answers[0]!.sentence).toContain(`lambda ${choice!.value} for ultrasound`);

    const row = `slip:lambda=${choice!.value}`;
    const alone = await medbench(
      [
        'run',
        `--methods=${row}`,
        '--tasks=breastmnist',
        '--out=alone',
        '--set=synthetic=true',
        '--set=controls=[]',
        ...['hidden=32', 'output=16'].map((setting) => `--set=methodSettings.slip.${setting}`),
        ...short,
      ],
      { cwd },
    );
    expect(alone.code).toBe(0);
    const checkpointFolder = (out: string) =>
      join(cwd, out, 'checkpoints', encodeURIComponent(row).replaceAll('.', '%2E'), 'seed-0');
    const weights = (out: string) => readFileSync(join(checkpointFolder(out), 'weights.safetensors'));
    expect(existsSync(join(checkpointFolder('alone'), 'training.json'))).toBe(true);
    expect(weights('halving/breast').equals(weights('alone'))).toBe(true);

    const second = await medbench(args, { cwd });
    expect(second.code).toBe(0);
    expect(second.stderr).not.toMatch(/done in/);
    expect(read('halving', 'results.json')).toEqual(results);
  });
});

describe('medbench list studies', () => {
  it('shows the shipped studies with their questions', async () => {
    const { stdout } = await medbench(['list', 'studies', '--json'], { cwd });
    const studies = JSON.parse(stdout) as { id: string; question: string }[];
    expect(studies.map(({ id }) => id)).toContain('paper');
    for (const { question } of studies) expect(question).toMatch(/\?$/);
  });
});
