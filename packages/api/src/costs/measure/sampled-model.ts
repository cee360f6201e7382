import type { EvaluationModel, Matrix, RasterImage, Source } from '@medbench/core';
import { random } from '@medbench/core';
import type { ProfileClock } from '@medbench/runner';
import type { EmbeddedCount, KeptArray } from './record.js';
import { reduceImages } from './reduce.js';

/** Seconds after which a row embeds no further list: its rate is known, and rows of earlier lists stand for the rest. */
const ENOUGH = 20;

/** Size of the noise that makes repeated rows differ, as a share of the mean size of a row's entries. */
const NOISE = 0.3;

/** Thrown where a protocol asks for the towers, to train them. */
export class TowersAsked extends Error {}

/**
 * A matrix `[rows, D]` that begins with the rows of another one. Each further row is one of these with noise, so that
 * solvers have about as much to do as with embeddings of that many images.
 * @param unit whether rows have unit length.
 */
export function extendMatrix(matrix: Matrix, rows: number, unit: boolean): Matrix {
  const { rows: known, cols } = matrix;
  if (known >= rows || known === 0) return matrix;
  const data = new Float32Array(rows * cols);
  data.set(matrix.data);
  const { normal } = random(0, 'plan', rows, cols);
  for (let row = known; row < rows; row++) {
    const source = matrix.data.subarray((row % known) * cols, ((row % known) + 1) * cols);
    const size = NOISE * Math.sqrt(source.reduce((sum, x) => sum + x * x, 0) / cols);
    const target = data.subarray(row * cols, (row + 1) * cols);
    for (let i = 0; i < cols; i++) target[i] = source[i]! + size * normal();
    if (!unit) continue;
    const length = Math.sqrt(target.reduce((sum, x) => sum + x * x, 0)) || 1;
    for (let i = 0; i < cols; i++) target[i] = target[i]! / length;
  }
  return { rows, cols, data };
}

/** The embedding that one row has done, over all tasks. */
export class EmbeddingBudget {
  spent = 0;
  /** The last matrix of each kind. */
  readonly last = new Map<string, Matrix>();

  /** Begins with another row. */
  reset(): void {
    this.spent = 0;
    this.last.clear();
  }

  /** A matrix that stands for another one, if enough was embedded. */
  standIn(kind: string): Matrix | undefined {
    return this.spent > ENOUGH ? this.last.get(kind) : undefined;
  }
}

/** Counts of what a sampled model has embedded. */
export interface Embedded {
  readonly images: EmbeddedCount;
  readonly texts: EmbeddedCount;
  readonly arrays: readonly KeptArray[];
}

/** The first rows of a matrix; all of it if it has no more. */
const firstRows = ({ rows, cols, data }: Matrix, count: number): Matrix =>
  rows <= count ? { rows, cols, data } : { rows: count, cols, data: data.slice(0, count * cols) };

interface Count {
  asked: number;
  embedded: number;
  reading: number;
  embedding: number;
}

const newCount = (): Count => ({ asked: 0, embedded: 0, reading: 0, embedding: 0 });

/** Seconds that a clock has counted for the two phases of embedding, in all rows. */
function embeddingSeconds(clock: ProfileClock): { readonly reading: number; readonly embedding: number } {
  const { phases } = clock.report();
  const seconds = (name: string): number => phases.find(({ phase }) => phase === name)?.seconds ?? 0;
  return { reading: seconds('reading images'), embedding: seconds('embedding') };
}

/**
 * A model that embeds only some of the images and texts of a list, and says how many it was asked for. What it embeds, and
 * what it asks the model for, is as in a run.
 * @param most largest number of images, and of texts, of one list that are embedded.
 */
export function sampledModel(
  model: EvaluationModel,
  most: number,
  clock: ProfileClock,
  budget: EmbeddingBudget = new EmbeddingBudget(),
): { readonly model: EvaluationModel; readonly embedded: () => Embedded } {
  const counts = { images: newCount(), texts: newCount() };
  const arrays = new Map<string, KeptArray>();
  const samples = new WeakMap<Source<RasterImage>, Source<RasterImage>>();
  const measure = async (kind: string, count: Count, embed: () => Promise<Matrix>): Promise<Matrix> => {
    const before = embeddingSeconds(clock);
    const matrix = await embed();
    const after = embeddingSeconds(clock);
    count.reading += after.reading - before.reading;
    count.embedding += after.embedding - before.embedding;
    budget.spent += after.embedding - before.embedding;
    budget.last.set(kind, matrix);
    return matrix;
  };
  const keep = (name: string | undefined, texts: boolean, rows: number, { cols }: Matrix): void => {
    if (name !== undefined) arrays.set(name, { name, texts, rows, cols });
  };
  const embedImages =
    (kind: 'images' | 'features') =>
    async (images: Source<RasterImage>, as?: string): Promise<Matrix> => {
      const standIn = samples.has(images) ? undefined : budget.standIn(kind);
      if (standIn) {
        counts.images.asked += images.length;
        keep(as === undefined ? undefined : `${as}.${kind}`, false, images.length, standIn);
        return extendMatrix(firstRows(standIn, images.length), images.length, kind === 'images');
      }
      const known = samples.get(images);
      const sample = known ?? reduceImages(images, most);
      if (!known) {
        samples.set(images, sample);
        counts.images.asked += images.length;
        counts.images.embedded += sample.length;
      }
      const embed = () => (kind === 'images' ? model.embedImages(sample, as) : model.imageFeatures(sample, as));
      const matrix = await measure(kind, counts.images, embed);
      keep(as === undefined ? undefined : `${as}.${kind}`, false, images.length, matrix);
      return extendMatrix(matrix, images.length, kind === 'images');
    };
  return {
    embedded: () => ({ images: { ...counts.images }, texts: { ...counts.texts }, arrays: [...arrays.values()] }),
    model: {
      id: model.id,
      can: model.can,
      logitScale: model.logitScale,
      embedImages: embedImages('images'),
      imageFeatures: embedImages('features'),
      async embedTexts(texts, as) {
        counts.texts.asked += texts.length;
        const standIn = budget.standIn('texts');
        if (standIn) {
          keep(as === undefined ? undefined : `${as}.texts`, true, texts.length, standIn);
          return extendMatrix(firstRows(standIn, texts.length), texts.length, true);
        }
        const sample = texts.slice(0, most);
        counts.texts.embedded += sample.length;
        const matrix = await measure('texts', counts.texts, () => model.embedTexts(sample, as));
        keep(as === undefined ? undefined : `${as}.texts`, true, texts.length, matrix);
        return extendMatrix(matrix, texts.length, true);
      },
      towers: async () => {
        if (model.towers && (await model.towers())) throw new TowersAsked();
        return undefined;
      },
    },
  };
}
