import { describe, expect, it } from 'vitest';
import { sampleResults } from '../test/sample.js';
import { summarise } from './cells.js';
import { formatCount, formatFigure, formatSeconds, oneLine } from './format.js';
import { resultTable } from './model.js';
import { protocolWords } from './words.js';

describe('resultTable', () => {
  it('puts methods first, columns by modality, protocol and task', () => {
    const { rows, columns } = resultTable(sampleResults());
    expect(rows.map(({ id }) => id)).toEqual([
      'clip',
      'clip-scratch',
      'clip-partial',
      'untrained',
      'majority',
      'raw-pixels',
    ]);
    expect(columns.map(({ task, protocol }) => `${task}/${protocol}`)).toEqual([
      'pneumoniamnist/zero-shot',
      'pneumoniamnist/linear-probe',
      'vqa-rad/vqa',
      'phantom-tissue/zero-shot',
      'phantom-tissue/linear-probe',
      'phantom-skin/zero-shot',
      'phantom-skin/linear-probe',
      'phantom-reports/retrieval',
    ]);
  });

  it('computes mean and sample standard deviation over seeds', () => {
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32, so the sample variance is 32 / 7.
    const { value, sd, interval } = summarise(
      [2, 4, 4, 4, 5, 5, 7, 9].map((value, seed) => ({ seed, value, ci95: null })),
    );
    expect(value).toBe(5);
    expect(sd).toBeCloseTo(Math.sqrt(32 / 7), 12);
    expect(interval).toBeNull();
  });

  it('marks the best printed value with all its ties, but never a control', () => {
    const sample = sampleResults();
    const values: Record<string, number> = {
      clip: 0.81201,
      'clip-scratch': 0.81249,
      'clip-partial': 0.5,
      majority: 0.99,
    };
    const cells = sample.cells.map((cell) => ({ ...cell, value: values[cell.method] ?? cell.value }));
    for (const { id, figures } of resultTable({ ...sample, cells }).rows) {
      expect(figures[0]!.best, id).toBe(id === 'clip' || id === 'clip-scratch');
    }
  });

  it('does not mark a single method as best', () => {
    const sample = sampleResults();
    const cells = sample.cells.filter(({ method, control }) => control || method === 'clip');
    const { rows } = resultTable({
      ...sample,
      cells,
      methods: sample.methods.filter((m) => m.control || m.id === 'clip'),
    });
    expect(rows.flatMap(({ figures }) => figures).some(({ best }) => best)).toBe(false);
  });

  it('marks the lowest value if lower is better', () => {
    const sample = sampleResults();
    const values: Record<string, number> = { clip: 3, 'clip-scratch': 1, 'clip-partial': 2 };
    const cells = sample.cells.map((cell) => ({ ...cell, metric: 'median-rank', value: values[cell.method] ?? 9 }));
    expect(resultTable({ ...sample, cells }).rows.map(({ figures }) => figures[0]!.best)).toEqual([
      false,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('says which seeds failed or are missing, and does not mark such figures as best', () => {
    const sample = sampleResults([0, 1, 2]);
    const cells = sample.cells
      .filter(({ method, seed }) => method !== 'clip-scratch' || seed !== 2)
      .map((cell) =>
        cell.method === 'clip' && cell.seed === 1
          ? { ...cell, status: 'failed' as const, value: null, ci95: null, metrics: {}, error: 'out of memory' }
          : cell,
      );
    const { rows, notes } = resultTable({ ...sample, cells });
    expect(notes[0]).toBe('seed 1: out of memory');
    expect(notes[1]).toBe('not measured with seed 2');
    const clip = rows[0]!.figures[0]!;
    expect(clip).toMatchObject({ status: 'ok', notes: [1], best: false });
    expect(clip.measurements.map(({ seed }) => seed)).toEqual([0, 2]);
    expect(rows[2]!.figures[0]!.best).toBe(true);
  });

  it('keeps cells whose method or task is not in the lists', () => {
    const table = resultTable({ ...sampleResults(), methods: [], tasks: [] });
    expect(table.rows.filter(({ control }) => !control)).toHaveLength(3);
    expect(table.columns).toHaveLength(8);
    expect(table.columns[0]).toMatchObject({ modality: 'other', title: table.columns[0]!.task });
  });
});

describe('words and numbers', () => {
  it('formats figures', () => {
    const figure = resultTable(sampleResults()).rows[0]!.figures[0]!;
    expect(formatFigure({ ...figure, value: 0.8734, interval: [0.8512, 0.8957] })).toBe('0.873 [0.85, 0.90]');
    expect(formatFigure({ ...figure, value: 0.8734, interval: null, sd: 0.0123 })).toBe('0.873 ± 0.012');
    expect(formatFigure({ ...figure, value: 24, interval: [20, 28.5] })).toBe('24.0 [20.0, 28.5]');
    expect(formatCount(1234567)).toBe('1 234 567');
    expect([9.04, 65, 7322].map(formatSeconds)).toEqual(['9.0 s', '1 min 5 s', '2 h 2 min']);
  });

  const words = protocolWords(sampleResults());

  it('defines every metric that @medbench/evaluation reports', () => {
    const probe = words('linear-probe');
    const reported = {
      'linear-probe': 'accuracy balanced_accuracy auc f1 ece recall_melanoma rare_recall',
      vqa: 'accuracy_open accuracy_closed ceiling',
      retrieval: 'i2t_recall@1 t2i_recall@200 mean_recall@10 i2t_median_rank t2i_median_rank',
    };
    expect(probe.metric('accuracy_projected').definition).toMatch(
      /right one\. Measured with a probe on features after/,
    );
    expect(probe.metric('balanced_accuracy_4shot').definition).toMatch(/Mean over the classes.*4 training examples/);
    expect(probe.metric('accuracy_1shot').definition).toMatch(/ 1 training example of/);
    const definitions = Object.entries(reported).flatMap(([protocol, names]) =>
      names.split(' ').map((name) => words(protocol).metric(name).definition),
    );
    expect(definitions).not.toContain(undefined);
    expect(new Set(definitions).size).toBe(definitions.length);
  });

  it('removes characters that move a terminal’s cursor', () => {
    expect(oneLine('a\u001b[31mb\r\n\tc\u202ed')).toBe('a [31mb c d');
    expect(oneLine('abcdef', 4)).toBe('abc…');
  });

  it('finds metrics by any spelling, with the direction of better values', () => {
    const [retrieval, probe] = [words('retrieval'), words('linear-probe')];
    expect(retrieval.metric('Mean-recall@200').definition).toContain('200 nearest');
    expect(probe.definition('balanced_accuracy')).toBe(probe.definition('Balanced accuracy'));
    expect(probe.definition('balanced-accuracy')).not.toBe(probe.definition('accuracy'));
    expect(probe.metric('recall_hair_loss')).toEqual({
      definition: 'Share of the examples of class “hair loss” that is classified right.',
      lowerIsBetter: false,
    });
    expect(retrieval.withArrow('i2t_median_rank')).toBe('i2t_median_rank ↓');
    expect(probe.withArrow('ece')).toBe('ece ↓');
    expect(probe.withArrow('accuracy')).toBe('accuracy ↑');
    expect(probe.metric('wibble')).toEqual({ lowerIsBetter: false });
  });

  it('uses the names of protocols and metrics that results do not describe', () => {
    const unknown = protocolWords({})('zero-shot');
    expect(unknown.title).toBe('zero-shot');
    expect(unknown.definition('accuracy')).toBe('As the task defines it.');
    expect(unknown.withArrow('median-rank')).toBe('median-rank ↓');
    expect(unknown.metric('recall_error')).toEqual({ lowerIsBetter: false });
  });
});
