import type { MetricValue, ProtocolId, ResultCell, RunResults, TrainingRecord } from '@medbench/core';
import { wilsonInterval } from '@medbench/evaluation/statistics';
import { describe, expect, it } from 'vitest';
import { compareWithStudy, type StudyCell } from './compare.js';
import { medbenchMetric, readStudyResults } from './data.js';
import { aucInterval, differenceInterval, figureInterval } from './intervals.js';

const study = readStudyResults();

/** A figure of the study, to three decimals, as its notes quote it. */
const quoted = (row: string, task: string, protocol: ProtocolId): string =>
  study.results
    .filter((result) => result.row === row && result.task === task && result.protocol === protocol)
    .map(({ metrics }) =>
      Object.entries(metrics)
        .filter(([name]) => medbenchMetric(name) !== 'f1')
        .map(([, value]) => value.toFixed(3))
        .join(' '),
    )
    .join('; ');

describe('the result files of the study', () => {
  it('are 100, of five rows', () => {
    const counts = study.rows.map(({ id }) => [id, study.results.filter(({ row }) => row === id).length]);
    expect(counts).toEqual([
      ['clip', 1],
      ['partial-image-7', 1],
      ['flip-0.5', 47],
      ['coca', 1],
      ['filip', 50],
    ]);
  });

  it('have the figures that were read in them: accuracy, balanced accuracy, AUROC; both recalls at 1, 50 and 200', () => {
    expect(quoted('flip-0.5', 'bach', 'zero-shot')).toBe('0.490 0.504 0.777');
    expect(quoted('flip-0.5', 'pneumoniamnist', 'linear-probe')).toBe('0.896 0.862 0.991');
    expect(quoted('flip-0.5', 'organsmnist', 'zero-shot')).toBe('0.236 0.313 0.800');
    expect(quoted('clip', 'vindr-mammo', 'linear-probe')).toBe('0.951 0.214 0.819');
    expect(quoted('filip', 'ham10000', 'linear-probe')).toBe('0.670 0.143 0.787');
    expect(quoted('flip-0.5', 'chestmnist', 'zero-shot')).toBe('0.065 0.500');
    expect(quoted('flip-0.5', 'chestmnist', 'linear-probe')).toBe('0.180 0.788; 0.180 0.788');
    expect(quoted('partial-image-7', 'mimic-cxr-retrieval', 'retrieval')).toBe('0.016 0.011 0.282 0.207 0.546 0.434');
    expect(quoted('flip-0.5', 'deepeyenet-retrieval', 'retrieval')).toBe('0.002 0.001 0.040 0.022 0.093 0.083');
  });

  it('are whole numbers of right answers among n', () => {
    const shares = study.results.flatMap(({ n, metrics }) =>
      Object.entries(metrics)
        .filter(([name]) => medbenchMetric(name) === 'accuracy' || name.includes('recall@'))
        .map(([, value]) => ({ n, value })),
    );
    expect(shares.length).toBeGreaterThan(150);
    for (const { n, value } of shares)
      expect(Math.abs(value * n - Math.round(value * n)), `${value}`).toBeLessThan(0.05);
  });

  it('name rows, tasks and doubts that are described', () => {
    const kinds = Object.keys(study.doubts);
    for (const { row, task } of study.results) {
      expect(study.rows.map(({ id }) => id)).toContain(row);
      expect(Object.keys(study.tasks)).toContain(task);
    }
    const used = [
      ...study.rows.flatMap(({ doubts }) => doubts),
      ...Object.values(study.tasks).flatMap(({ doubts = {} }) => Object.values(doubts).flat()),
      ...['void', 'ties'],
    ];
    expect([...new Set(used)].sort()).toEqual(kinds.sort());
  });

  it('have no metric without a counterpart', () => {
    expect(medbenchMetric('image_retrieval_recall@50')).toBe('t2i_recall@50');
    expect(medbenchMetric('text_retrieval_recall@1')).toBe('i2t_recall@1');
    expect(() => medbenchMetric('map_weighted')).toThrow('map_weighted of the study has no counterpart');
  });
});

describe('the interval of a figure', () => {
  it('of a difference of proportions equals the published examples of method 10 (Newcombe 1998, table II)', () => {
    const estimate = (hits: number, n: number) => ({ value: hits / n, interval: wilsonInterval(hits, n) });
    const between = (a: readonly [number, number], b: readonly [number, number]) =>
      differenceInterval(estimate(...a), estimate(...b)).map((bound) => bound.toFixed(4));
    expect(between([56, 70], [48, 80])).toEqual(['0.0524', '0.3339']);
    expect(between([9, 10], [3, 10])).toEqual(['0.1705', '0.8090']);
    expect(between([5, 56], [0, 29])).toEqual(['-0.0381', '0.1926']);
    expect(between([10, 10], [0, 20])).toEqual(['0.6791', '1.0000']);
  });

  it('of an AUROC of one half has the variance of the rank sum without ties, (m + n + 1) / 12mn', () => {
    for (const [m, n] of [
      [390, 234],
      [20, 20],
    ] as const) {
      const reach = (1.959963984540054 * Math.sqrt((m + n + 1) / (12 * m * n))) / 0.25;
      const [low, high] = aucInterval(0.5, m, n)!;
      expect(Math.log(high / (1 - high))).toBeCloseTo(reach, 12);
      expect(low + high).toBeCloseTo(1, 12);
    }
    expect(aucInterval(1, 10, 10)).toBeNull();
  });

  it('is left out with a reason where n does not give one', () => {
    expect(figureInterval('balanced_accuracy', 0.5, { n: 100 })).toMatch('count of each class');
    expect(figureInterval('auc', 0.9, { n: 100, classes: 4 })).toMatch('mean AUROC over classes');
    expect(figureInterval('auc', 0.9, { n: 100, classes: 2 })).toMatch('counts of both classes');
    expect(figureInterval('auc', 1, { n: 100, classes: 2, positives: 40 })).toMatch('no standard error');
    expect(figureInterval('t2i_recall@200', 0.2, { n: 100 })).toEqual(wilsonInterval(20, 100));
  });
});

interface MadeUpCell {
  readonly method: string;
  readonly task: string;
  readonly protocol: ProtocolId;
  readonly n: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly more?: Partial<ResultCell>;
}

/** Results of a run with the given cells. @param settings resolved settings of rows that were trained. */
function makeRun(
  cells: readonly MadeUpCell[],
  settings: Readonly<Record<string, Record<string, string | number>>> = {},
): RunResults {
  const rows = [...new Set([...cells.map(({ method }) => method), ...Object.keys(settings)])];
  return {
    schemaVersion: 1,
    run: {
      id: 'r',
      seed: 0,
      seeds: [0],
      backend: 'wasm',
      preset: 'none',
      synthetic: false,
      corpora: ['roco'],
      settings: { 'training.batchSize': 512, 'training.steps': 100, 'evaluation.split': 'test' },
      versions: {},
      command: 'medbench run',
    },
    methods: rows.map((id) => ({ id, title: id, question: 'baseline', extension: false, control: id === 'untrained' })),
    tasks: [],
    training: Object.entries(settings).map(
      ([method, values]) =>
        ({ method, seed: 0, steps: 1, seconds: 1, setup: { settings: values } }) as unknown as TrainingRecord,
    ),
    cells: cells.map(({ method, task, protocol, n, metrics, more }): ResultCell => {
      const measured = Object.entries(metrics).map(([name, value]): [string, MetricValue] => [
        name,
        { value, ci95: [value, value] },
      ]);
      const [metric, first] = measured[0]!;
      return {
        ...{ method, control: method === 'untrained', task, protocol, seed: 0, metric, n },
        ...{ value: first.value, ci95: first.ci95, metrics: Object.fromEntries(measured) },
        ...{ seconds: 1, status: 'ok', synthetic: false },
        ...more,
      };
    }),
  };
}

const FLIP = 'flip:ratio=0.5:tuning=0';
const bach = (accuracy: number, more: Partial<MadeUpCell> = {}): MadeUpCell => ({
  ...{ method: FLIP, task: 'bach', protocol: 'zero-shot', n: 100, metrics: { accuracy } },
  ...more,
});
const find = (cells: readonly StudyCell[], task: string, protocol: ProtocolId, metric: string): StudyCell =>
  cells.find((cell) => cell.task === task && cell.protocol === protocol && cell.metric === metric)!;

describe('compareWithStudy', () => {
  it('judges by the interval of the difference: 0.49 of 100 images', () => {
    // z tests of two proportions with n = 100 each find 0.63 (p = 0.047), and not 0.62 (p = 0.065) or 0.36 (p = 0.063).
    const verdict = (accuracy: number) =>
      find(compareWithStudy(makeRun([bach(accuracy)]), study).cells, 'bach', 'zero-shot', 'accuracy');
    expect(verdict(0.49)).toMatchObject({ verdict: 'within', difference: expect.closeTo(0, 9) });
    expect(verdict(0.62).verdict).toBe('within');
    expect(verdict(0.63).verdict).toBe('above');
    expect(verdict(0.36).verdict).toBe('within');
    expect(verdict(0.35).verdict).toBe('below');
    expect(verdict(0.49).study.interval).toEqual(wilsonInterval(49, 100));
  });

  it('judges an AUROC of two classes whose counts are known, and no other', () => {
    const cells = [
      bach(0.5, { metrics: { accuracy: 0.5, auc: 0.6, balanced_accuracy: 0.5, f1: 0.5 } }),
      bach(0.7, { task: 'breastmnist', n: 156, metrics: { accuracy: 0.5, auc: 0.55 } }),
      bach(0.7, { task: 'pneumoniamnist', n: 624, metrics: { accuracy: 0.7, auc: 0.95 } }),
    ];
    const compared = compareWithStudy(makeRun(cells), study).cells;
    for (const metric of ['auc', 'balanced_accuracy', 'f1']) {
      expect(find(compared, 'bach', 'zero-shot', metric)).toMatchObject({
        verdict: 'no interval',
        differenceInterval: null,
        reason: expect.any(String),
      });
    }
    expect(find(compared, 'breastmnist', 'zero-shot', 'auc').verdict).toBe('within');
    expect(find(compared, 'pneumoniamnist', 'zero-shot', 'auc').verdict).toBe('above');
  });

  it('shows but does not judge another test set, generated data and the validation split', () => {
    const one = (cell: MadeUpCell, settings: Record<string, string> = {}) => {
      const run = makeRun([cell]);
      const changed = { ...run, run: { ...run.run, settings: { ...run.run.settings, ...settings } } };
      return find(compareWithStudy(changed, study).cells, cell.task, cell.protocol, 'accuracy');
    };
    const shown = { verdict: 'not judged', difference: expect.closeTo(0.41, 9), differenceInterval: null };
    expect(one(bach(0.9, { n: 80 }))).toMatchObject({
      ...shown,
      reason: 'another test set: 80 examples, in the study 100',
    });
    expect(one(bach(0.9, { more: { synthetic: true } }))).toMatchObject({ ...shown, reason: 'generated data' });
    expect(one(bach(0.9), { 'evaluation.split': 'val' })).toMatchObject({
      ...shown,
      reason: 'measured on the validation split',
    });
  });

  it('compares recalls of both directions, if both galleries are as large', () => {
    const retrieval = (images: number, texts: number): MadeUpCell => ({
      ...{ method: FLIP, task: 'mimic-cxr-retrieval', protocol: 'retrieval', n: images },
      metrics: { 'mean_recall@200': 0.4, 'i2t_recall@200': 0.3423, 't2i_recall@200': 0.3423 },
      more: { retrieval: { images, texts, k: [200], imageToText: [0.3], textToImage: [0.3] } as never },
    });
    const verdicts = (images: number, texts: number) => {
      const { cells } = compareWithStudy(makeRun([retrieval(images, texts)]), study);
      return ['i2t_recall@200', 't2i_recall@200', 'i2t_recall@1'].map(
        (metric) => find(cells, 'mimic-cxr-retrieval', 'retrieval', metric).verdict,
      );
    };
    expect(verdicts(3269, 3269)).toEqual(['within', 'below', 'not in the run']);
    expect(verdicts(3269, 5159)).toEqual(['not judged', 'not judged', 'not in the run']);
  });

  it('compares probes of features after the projection where a run has both', () => {
    const probe = bach(0.5, { protocol: 'linear-probe', metrics: { accuracy: 0.5, accuracy_projected: 0.88 } });
    const cell = find(compareWithStudy(makeRun([probe]), study).cells, 'bach', 'linear-probe', 'accuracy');
    expect(cell).toMatchObject({ verdict: 'within', run: { metric: 'accuracy_projected', value: 0.88 } });
  });

  it('averages seeds, and says what failed or was not measured', () => {
    const cells = [
      bach(0.44, { more: { seed: 1 } }),
      bach(0.54),
      bach(0.1, { task: 'pcam', more: { status: 'failed', error: 'no file', metrics: {} } }),
    ];
    const compared = compareWithStudy(makeRun(cells), study).cells;
    expect(find(compared, 'bach', 'zero-shot', 'accuracy')).toMatchObject({
      verdict: 'within',
      run: { value: expect.closeTo(0.49, 9), seeds: [0, 1] },
    });
    expect(find(compared, 'pcam', 'zero-shot', 'accuracy')).toMatchObject({
      verdict: 'not in the run',
      reason: 'failed in the run: no file',
    });
    expect(find(compared, 'nct-crc', 'zero-shot', 'accuracy').reason).toBe('the run did not measure it');
  });

  it('counts two result files with the same figures once, and shows both where they differ', () => {
    const count = (id: string, task: string) =>
      compareWithStudy(
        makeRun([], { [id]: id === FLIP ? { ratio: 0.5, tuning: 0 } : { variant: 'study', pairs: 'own' } }),
        study,
      )
        .cells.filter((cell) => cell.task === task && ['auc', 'i2t_recall@200'].includes(cell.metric))
        .map(({ protocol }) => protocol);
    expect(count(FLIP, 'chestmnist')).toEqual(['zero-shot', 'linear-probe']);
    expect(count('filip', 'roco-retrieval')).toEqual(['retrieval', 'retrieval']);
  });

  it('finds rows by their resolved settings, by their id without a training, and as the user says', () => {
    const settings = {
      clip: {},
      'clip-partial': { tower: 'image', freeze: 0.5, blocks: 'auto' },
      'clip-partial:blocks=6': { tower: 'image', freeze: 0.9, blocks: 6 },
      'clip-partial:freeze=0.25': { tower: 'image', freeze: 0.25, blocks: 'auto' },
      flip: { ratio: 0.75, tuning: 0.03 },
      // The id alone would be the study's row; the settings of the run are not.
      [FLIP]: { ratio: 0.5, tuning: 0.03 },
      coca: { variant: 'study', shift: 0, caption: 2, queries: 256, layers: 'auto' },
      filip: { variant: 'medbench', pairs: 'own' },
    };
    const pairs = (results: RunResults, wanted?: Record<string, string>) =>
      compareWithStudy(results, study, wanted).pairs.map(({ row, studyRow, by }) => `${row} ${studyRow} ${by}`);
    const run = makeRun([bach(0.5, { method: 'untrained' })], settings);
    expect(pairs(run)).toEqual([
      'clip clip settings',
      'clip-partial partial-image-7 settings',
      'clip-partial:blocks=6 partial-image-7 settings',
      'coca coca settings',
    ]);
    expect(pairs(run, { flip: 'flip-0.5', untrained: 'filip' })).toContain('flip flip-0.5 user');
    expect(compareWithStudy(run, study).alone).toEqual({
      run: ['clip-partial:freeze=0.25', 'flip', FLIP, 'filip'],
      study: ['flip-0.5', 'filip'],
    });
    const untrained = makeRun([bach(0.5, { method: 'flip:tuning=0:ratio=0.5' }), bach(0.5, { method: 'flip' })]);
    expect(pairs(untrained)).toEqual(['flip:tuning=0:ratio=0.5 flip-0.5 id']);
    expect(() => pairs(run, { slip: 'clip' })).toThrow('The run has no row slip');
    expect(() => pairs(run, { clip: 'slip' })).toThrow('The study has no row slip');
  });

  it('gives suspicious figures their reasons', () => {
    const settings = { [FLIP]: { ratio: 0.5, tuning: 0 }, filip: { variant: 'study', pairs: 'own' } };
    const { cells } = compareWithStudy(makeRun([], settings), study);
    const kinds = (row: string, task: string, protocol: ProtocolId, metric: string) =>
      find(
        cells.filter((cell) => cell.row === row),
        task,
        protocol,
        metric,
      ).doubts.map(({ kind }) => kind);
    expect(kinds(FLIP, 'bach', 'zero-shot', 'accuracy')).toEqual(['activation']);
    expect(kinds(FLIP, 'vindr-mammo', 'linear-probe', 'accuracy')).toEqual([
      'majority',
      'no-finding-is-mass',
      'activation',
    ]);
    expect(kinds(FLIP, 'vindr-mammo', 'linear-probe', 'balanced_accuracy')).not.toContain('majority');
    expect(kinds(FLIP, 'ham10000', 'zero-shot', 'accuracy')).toContain('majority');
    expect(kinds(FLIP, 'ham10000', 'zero-shot', 'balanced_accuracy')).toContain('chance');
    for (const task of ['dermamnist', 'breastmnist'])
      expect(kinds(FLIP, task, 'zero-shot', 'accuracy')).toContain('majority');
    for (const task of ['tissuemnist', 'retinamnist'])
      expect(kinds(FLIP, task, 'zero-shot', 'accuracy')).toContain('chance');
    expect(kinds(FLIP, 'pathmnist', 'zero-shot', 'auc')).toEqual(['imagenet-templates', 'activation']);
    expect(kinds(FLIP, 'pathmnist', 'linear-probe', 'auc')).toEqual(['activation']);
    expect(kinds(FLIP, 'chestmnist', 'zero-shot', 'auc')).toContain('void');
    expect(kinds(FLIP, 'chestmnist', 'zero-shot', 'mean_ap')).not.toContain('void');
    for (const task of ['lc25000-lung', 'lc25000-colon'])
      expect(kinds(FLIP, task, 'linear-probe', 'accuracy')).toContain('augmented-copies');
    expect(kinds(FLIP, 'nct-crc', 'zero-shot', 'accuracy')).toContain('ties');
    expect(kinds('filip', 'roco-retrieval', 'retrieval', 'i2t_recall@200')).toEqual(['chance', 'own-pairs']);
    expect(kinds(FLIP, 'roco-retrieval', 'retrieval', 'i2t_recall@200')).toEqual(['activation']);
    const filip = cells.filter(({ row }) => row === 'filip');
    expect(filip.every(({ doubts }) => doubts.some(({ kind }) => kind === 'own-pairs'))).toBe(true);
  });

  it('lists recorded settings that the study had otherwise', () => {
    const { settings } = compareWithStudy(makeRun([bach(0.5, { protocol: 'linear-probe' })]), study);
    expect(settings).toContainEqual({ name: 'training.steps', run: '100', study: '107640' });
    expect(settings).toContainEqual({ name: 'evaluation.probe.solver', run: null, study: 'clip-benchmark' });
    expect(settings.map(({ name }) => name)).not.toContain('training.batchSize');
    expect(settings.map(({ name }) => name)).not.toContain('evaluation.activation');
  });

  it('refuses the joint results of several variants', () => {
    const run = makeRun([]);
    const task = { id: 'bach@a', title: 'B', modality: 'x', protocols: [], variant: 'a' };
    expect(() => compareWithStudy({ ...run, tasks: [task] }, study)).toThrow('several variants');
  });
});
