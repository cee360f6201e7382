import type { ColumnComparisons, RunResults } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { checkStudy, joinRuns, STUDIES, type Study, studyParts, studyRecord } from './index.js';

const study: Study = {
  id: 's',
  title: 'S',
  question: 'Which?',
  config: { methods: ['clip'], training: { steps: 10, batchSize: 8 } },
  presets: { demo: { training: { steps: 5 } } },
  variants: [
    {
      id: 'a',
      title: 'A',
      config: { encoders: { image: 'big' } },
      presets: { demo: { encoders: { image: 'small' } } },
    },
    { id: 'b', title: 'B' },
  ],
};

describe('studyParts', () => {
  it('merges study, its preset, variant and its preset in this order', () => {
    expect(studyParts(study, ['demo']).map(({ variant, config }) => [variant?.id, config])).toEqual([
      ['a', { methods: ['clip'], training: { steps: 5, batchSize: 8 }, encoders: { image: 'small' } }],
      ['b', { methods: ['clip'], training: { steps: 5, batchSize: 8 } }],
    ]);
    expect(studyParts(study, [])[0]!.config).toMatchObject({
      training: { steps: 10 },
      encoders: { image: 'big' },
    });
    const { variants: _, ...single } = study;
    expect(studyParts(single, ['paper'])).toEqual([{ variant: undefined, config: study.config }]);
    expect(studyParts(single, ['paper', 'demo'])[0]!.config).toMatchObject({ training: { steps: 5 } });
  });
});

describe('checkStudy', () => {
  it('accepts the included studies', () => {
    for (const shipped of STUDIES) expect(checkStudy(JSON.parse(JSON.stringify(shipped)), 'x')).toEqual(shipped);
    expect(new Set(STUDIES.map(({ id }) => id)).size).toBe(STUDIES.length);
  });

  it('reports the file and every fault', () => {
    const wrong = { ...study, title: '', rows: [], variants: [{ id: '../up', title: 'x' }] };
    expect(() => checkStudy(wrong, 'lab/study.yaml')).toThrow(
      /^lab\/study\.yaml is not a study: .*"title".*letters, digits.*rows/s,
    );
    const twice = { ...study, variants: [study.variants![0]!, study.variants![0]!] };
    expect(() => checkStudy(twice, 'x')).toThrow('two variants have one id');
  });
});

const makeResults = (method: string, value: number): RunResults => ({
  schemaVersion: 1,
  run: {
    id: 'r',
    seed: 0,
    seeds: [0],
    backend: 'wasm',
    preset: 'none',
    synthetic: false,
    corpora: ['roco'],
    settings: { 'training.steps': 10, 'encoders.image': `of ${method}` },
    versions: {},
    command: 'medbench run',
  },
  methods: [{ id: 'clip', title: 'CLIP', question: 'baseline', extension: false, control: false }].map((row) => ({
    ...row,
    id: method,
  })),
  tasks: [{ id: 't', title: 'T', modality: 'mixed', protocols: ['zero-shot'] }],
  training: [
    {
      method,
      seed: 0,
      steps: 10,
      seconds: 1,
      parameters: { total: 2, trainable: 1 },
      finalLoss: value,
      curve: [],
    },
  ],
  cells: [
    {
      method,
      control: false,
      task: 't',
      protocol: 'zero-shot',
      seed: 0,
      metric: 'accuracy',
      value,
      ci95: [value, value],
      n: 9,
      metrics: {},
      seconds: 1,
      status: 'ok',
      synthetic: true,
    },
  ],
  statistics: {
    level: 0.05,
    columns: [
      {
        task: 't',
        protocol: 'zero-shot',
        metric: 'accuracy',
        n: 9,
        seeds: [0],
        pairs: 0,
        best: method,
        againstBest: [],
        againstControls: [],
      },
    ],
    ranks: null,
  },
});

describe('joinRuns', () => {
  const comparisons: ColumnComparisons[] = [{ task: 't', protocol: 'zero-shot', pairs: [] }];
  const runs = [
    { variant: { id: 'a', title: 'A' }, results: makeResults('clip', 0.25), comparisons },
    { variant: { id: 'b', title: 'B' }, results: makeResults('slip', 0.75), comparisons },
  ];
  const { results, comparisons: joint } = joinRuns(runs, studyRecord(study), 'medbench study s');

  it('has a column for each task under each variant, and keeps every figure', () => {
    expect(results.tasks).toEqual([
      { id: 't@a', title: 'T (A)', modality: 'mixed', protocols: ['zero-shot'], variant: 'a' },
      { id: 't@b', title: 'T (B)', modality: 'mixed', protocols: ['zero-shot'], variant: 'b' },
    ]);
    expect(results.cells.map(({ method, task, value }) => [method, task, value])).toEqual([
      ['clip', 't@a', 0.25],
      ['slip', 't@b', 0.75],
    ]);
    expect(results.methods.map(({ id }) => id)).toEqual(['clip', 'slip']);
    expect(results.training.map(({ method }) => method)).toEqual(['clip@a', 'slip@b']);
    expect(results.statistics!.columns.map(({ task }) => task)).toEqual(['t@a', 't@b']);
    expect(joint.map(({ task }) => task)).toEqual(['t@a', 't@b']);
  });

  it('lists the settings in which the runs differ', () => {
    expect(results.run.settings).toEqual({
      'training.steps': 10,
      'a: encoders.image': 'of clip',
      'b: encoders.image': 'of slip',
    });
    expect(results.run).toMatchObject({
      command: 'medbench study s',
      study: { id: 's', variants: [{ id: 'a' }, { id: 'b' }] },
    });
  });

  it('has no statistics if a run has none', () => {
    const { statistics: _, ...unfinished } = runs[1]!.results;
    const open = joinRuns([runs[0]!, { ...runs[1]!, results: unfinished }], studyRecord(study), 'x').results;
    expect(open.statistics).toBeUndefined();
  });
});
