import type { RasterImage, Source } from '../contracts/data.js';
import type { EvaluationModel } from '../contracts/measurement.js';
import type { Matrix } from '../contracts/tensors.js';
import { random } from '../random/index.js';

const unitRows = (rows: number, cols: number, draw: (row: number, col: number) => number): Matrix => {
  const data = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    let norm = 0;
    for (let col = 0; col < cols; col++) {
      const value = draw(row, col);
      data[row * cols + col] = value;
      norm += value ** 2;
    }
    for (let col = 0; col < cols; col++) data[row * cols + col]! /= Math.sqrt(norm) || 1;
  }
  return { rows, cols, data };
};

/** Makes a model with random embeddings, deterministic for a seed. A task must measure it at chance level. */
export function randomModel(seed: number, dim = 16): EvaluationModel {
  const draw = (name: string, rows: number): Matrix => {
    const stream = random(seed, 'random-model', name);
    return unitRows(rows, dim, () => stream.normal());
  };
  const images = async (source: Source<RasterImage>): Promise<Matrix> => draw('images', source.length);
  return {
    id: 'random',
    can: { images: true, texts: true, joint: true },
    logitScale: 1 / 0.07,
    embedImages: images,
    imageFeatures: images,
    embedTexts: async (texts) => draw('texts', texts.length),
  };
}

/** Makes a model that gives every image and text the same embedding. A task must not reward it. */
export function constantModel(dim = 16): EvaluationModel {
  const same = (rows: number): Matrix => unitRows(rows, dim, () => 1);
  const images = async (source: Source<RasterImage>): Promise<Matrix> => same(source.length);
  return {
    id: 'constant',
    can: { images: true, texts: true, joint: true },
    logitScale: 1 / 0.07,
    embedImages: images,
    imageFeatures: images,
    embedTexts: async (texts) => same(texts.length),
  };
}
