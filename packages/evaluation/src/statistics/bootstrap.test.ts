import { readFileSync } from 'node:fs';
import { random } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { selected } from '../../../../tests/support/full.js';
import { preparedMacroAuc } from '../metrics/index.js';
import {
  bootstrapInterval,
  bootstrapIntervals,
  bootstrapMean,
  proportionInterval,
  wilsonInterval,
} from './bootstrap.js';

const stream = random(3, 'test');
const normal = Float64Array.from({ length: 400 }, () => stream.normal());
const drawnMean = (indices: Int32Array) => indices.reduce((sum, i) => sum + normal[i]!, 0) / indices.length;

describe('bootstrap', () => {
  it('agrees with the normal interval of a mean', () => {
    const mean = normal.reduce((sum, value) => sum + value, 0) / 400;
    const sd = Math.sqrt(normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 399);
    const [low, high] = bootstrapMean(normal, { seed: 1, replicates: 4000 });
    expect(low).toBeCloseTo(mean - (1.96 * sd) / 20, 2);
    expect(high).toBeCloseTo(mean + (1.96 * sd) / 20, 2);
  });

  it('gives the same interval for the same seed, and from indices as from multiplicities', () => {
    const options = { seed: 5, replicates: 200 };
    const direct = bootstrapMean(normal, options);
    expect(bootstrapMean(normal, options)).toEqual(direct);
    expect(bootstrapMean(normal, { ...options, seed: 6 })).not.toEqual(direct);
    const byIndices = bootstrapInterval(400, drawnMean, options);
    expect(byIndices[0]).toBeCloseTo(direct[0], 12);
    expect(byIndices[1]).toBeCloseTo(direct[1], 12);
  });

  it('widens by the square root of the group size if the examples of a group are copies', () => {
    const copies = Float64Array.from({ length: 1600 }, (_, i) => normal[i >> 2]!);
    const groups = Int32Array.from({ length: 1600 }, (_, i) => i >> 2);
    const width = ([low, high]: readonly [number, number]) => high - low;
    const grouped = width(bootstrapMean(copies, { seed: 1, groups }));
    expect(grouped / width(bootstrapMean(copies, { seed: 1 }))).toBeGreaterThan(1.85);
    expect(grouped / width(bootstrapMean(normal, { seed: 1 }))).toBeCloseTo(1, 6);
    const byIndices = bootstrapInterval(1600, (rows) => rows.length, { seed: 1, groups });
    expect(byIndices).toEqual([1600, 1600]);
  });

  it('takes under a second of processor time for the AUROC of 600 examples', () => {
    const labels = Int32Array.from({ length: 600 }, (_, i) => i % 2);
    const auc = preparedMacroAuc(
      Float64Array.from({ length: 1200 }, () => stream.uniform()),
      labels,
      2,
    );
    const begin = process.cpuUsage();
    const [[low, high]] = bootstrapIntervals(600, (counts) => [auc(counts)], { seed: 0 }) as [[number, number]];
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(1000);
    expect(low).toBeLessThan(auc());
    expect(high).toBeGreaterThan(auc());
  });

  it("gives Wilson's interval if the bootstrap interval has no width", () => {
    const { wilson } = JSON.parse(readFileSync(new URL('../../fixtures/compare.json', import.meta.url), 'utf8')) as {
      wilson: [number, number, number, number][];
    };
    for (const [hits, n, low, high] of wilson) {
      expect(wilsonInterval(hits, n)[0]).toBeCloseTo(low, 10);
      expect(wilsonInterval(hits, n)[1]).toBeCloseTo(high, 10);
    }
    const ones = new Float64Array(50).fill(1);
    const [low, high] = proportionInterval(ones, bootstrapMean(ones, { seed: 0 }));
    expect(low).toBeCloseTo(50 / (50 + 1.959964 ** 2), 6);
    expect(high).toBe(1);
  });
});

describe('the bootstrap interval', () => {
  const coverage = (
    draws: number,
    draw: (stream: ReturnType<typeof random>) => readonly [number, number],
    truth: number,
  ) => {
    const stream = random(7, 'coverage');
    let covered = 0;
    for (let i = 0; i < draws; i++) {
      const [low, high] = draw(stream);
      if (low <= truth && truth <= high) covered++;
    }
    return covered / draws;
  };

  const accuracies = [
    ['0.8 on 200', 0.8, 200],
    ['0.5 on 100', 0.5, 100],
    ['0.9 on 400', 0.9, 400],
  ] as const;
  it.each(selected('an accuracy', accuracies, ['0.8 on 200']))(
    'covers an accuracy of %s examples in 93 to 97 % of draws',
    (_, truth, n) => {
      const share = coverage(
        1000,
        (stream) => {
          const hits = Float64Array.from({ length: n }, () => (stream.uniform() < truth ? 1 : 0));
          return proportionInterval(hits, bootstrapMean(hits, { seed: stream.integer(1e9), replicates: 500 }));
        },
        truth,
      );
      expect(share).toBeGreaterThan(0.93);
      expect(share).toBeLessThan(0.97);
    },
  );

  it('covers an accuracy over patients if it draws patients, but not if it draws images', () => {
    // 100 patients of 4 images each. The chance of a right answer differs between patients and is 0.7 on average.
    const groups = Int32Array.from({ length: 400 }, (_, i) => i >> 2);
    const draw = (grouped: boolean) => (stream: ReturnType<typeof random>) => {
      const chance = Array.from({ length: 100 }, () => (stream.uniform() < 0.5 ? 0.95 : 0.45));
      const hits = Float64Array.from(groups, (group) => (stream.uniform() < chance[group]! ? 1 : 0));
      return bootstrapMean(hits, { seed: stream.integer(1e9), replicates: 500, ...(grouped ? { groups } : {}) });
    };
    const share = coverage(1000, draw(true), 0.7);
    expect(share).toBeGreaterThan(0.93);
    expect(share).toBeLessThan(0.97);
    expect(coverage(1000, draw(false), 0.7)).toBeLessThan(0.91);
  });

  it('covers an AUROC of 100 examples', () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
    // Normal scores with means one standard deviation apart: the AUROC is Φ(1/√2).
    const share = coverage(
      600,
      (stream) => {
        const scores = Float64Array.from({ length: 200 }, (_, i) =>
          i % 2 === 1 ? stream.normal() + labels[i >> 1]! : 0,
        );
        const auc = preparedMacroAuc(scores, labels, 2);
        return bootstrapIntervals(100, (counts) => [auc(counts)], { seed: stream.integer(1e9), replicates: 500 })[0]!;
      },
      0.7602499389,
    );
    expect(share).toBeGreaterThan(0.93);
    expect(share).toBeLessThan(0.97);
  });
});
