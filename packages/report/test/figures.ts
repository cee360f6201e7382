import type { CalibrationBins, Gallery, RecallCurve, ResultCell, RunResults } from '@medbench/core';
import { sampleResults } from './sample.js';

/** Makes bins that depend on row, task and seed; some of them are empty. */
export function makeBins({ method, task, seed }: Pick<ResultCell, 'method' | 'task' | 'seed'>): CalibrationBins {
  const shift = method.length + task.length + 3 * seed;
  const count = Array.from({ length: 15 }, (_, b) => (b < 5 || (b + shift) % 6 === 0 ? 0 : 4 + ((b * shift) % 40)));
  return {
    count,
    right: count.map((n, b) => Math.round((n * (b + (shift % 3))) / 17)),
    confidence: count.map((n, b) => (n === 0 ? 0 : (b + 0.25 + (shift % 5) / 10) / 15)),
  };
}

/** The expected calibration error of bins, computed from its definition. */
export const calibrationError = ({ count, right, confidence }: CalibrationBins): number =>
  count.reduce((sum, n, b) => sum + Math.abs(right[b]! - n * confidence[b]!), 0) / count.reduce((sum, n) => sum + n, 0);

export function makeCurve({ method, seed }: Pick<ResultCell, 'method' | 'seed'>): RecallCurve {
  const k = [1, 2, 5, 10, 20, 50, 100, 200];
  const power = 0.4 + method.length / 30 + seed / 20;
  return {
    images: 300,
    texts: 240,
    k,
    imageToText: k.map((one) => (one / 240) ** power),
    textToImage: k.map((one) => (one / 300) ** power),
  };
}

/** The sample with calibration bins, recall curves, and licences and access of its tasks. */
export function figuredResults(seeds: readonly number[] = [0]): RunResults {
  const sample = sampleResults(seeds);
  const classified = ['zero-shot', 'linear-probe'];
  return {
    ...sample,
    tasks: sample.tasks.map((task) => ({
      ...task,
      licence: 'CC BY 4.0',
      access: 'open',
      citation: 'Somebody 2024',
      pictures: 'shown',
    })),
    training: sample.training.map((record) => ({ ...record, peakMemory: 3 * 2 ** 29 })),
    cells: sample.cells.map((cell): ResultCell => {
      if (cell.status === 'failed') return cell;
      if (cell.protocol === 'retrieval') return { ...cell, retrieval: makeCurve(cell) };
      if (!classified.includes(cell.protocol)) return cell;
      const calibration = makeBins(cell);
      const ece = calibrationError(calibration);
      return {
        ...cell,
        metrics: { ...cell.metrics, ece: { value: ece, ci95: [ece, ece] } },
        classification: { classes: ['a', 'b'], confusion: [], rare: [], calibration },
      };
    }),
  };
}

/** A WebP image of one pixel, in Base64. */
export const PIXEL = 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=';

/** Makes a gallery with each kind of query from given texts. */
export function makeGallery(task: string, texts: { readonly question: string; readonly answer: string }): Gallery {
  const rows = ['clip', 'clip-scratch', 'untrained'].map((id) => ({ id, control: id === 'untrained' }));
  return {
    schemaVersion: 2,
    key: '',
    task,
    seed: 0,
    images: [PIXEL, PIXEL, PIXEL, PIXEL, PIXEL, PIXEL],
    parts: [
      {
        protocol: 'vqa',
        query: 'label',
        examples: [4, 9].map((place, i) => ({
          place,
          query: [{ image: i }, { text: texts.question }],
          right: [{ text: texts.answer }],
        })),
        rows: rows.map((row, r) => ({
          ...row,
          said: [0, 1].map((e) => ({ answers: [{ text: texts.answer, right: (r + e) % 2 === 0 }] })),
        })),
      },
      {
        protocol: 'retrieval',
        query: 'text-to-image',
        examples: [{ place: 7, query: [{ text: texts.question }], right: [{ image: 2 }] }],
        rows: rows.map((row, r) => ({
          ...row,
          said: [{ answers: [0, 1, 2, 3, 4].map((image, i) => ({ image, right: i === r })), rank: r + 1 }],
        })),
      },
      {
        protocol: 'retrieval',
        query: 'image-to-text',
        examples: [{ place: 3, query: [{ image: 5 }], right: [{ text: texts.answer }] }],
        rows: rows.map((row, r) => ({
          ...row,
          said: [{ answers: [texts.answer, texts.question].map((text, i) => ({ text, right: i === r })), rank: r + 1 }],
        })),
      },
    ],
  };
}
