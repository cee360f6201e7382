import type { Backend, Matrix } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { innerProducts } from '../numerics/linear-algebra.js';
import { BLOCK, type ScoreBlock, scoreBlocks, splitRange } from '../retrieval/score-blocks.js';

/** The nearest known rows of each query, the most similar first. */
export interface Neighbours {
  /** Number of neighbours of each query. */
  readonly k: number;
  /** Indices of known rows, `[queries, k]`. */
  readonly indices: Int32Array;
  /** Their cosine similarities, `[queries, k]`. */
  readonly similarities: Float64Array;
}

/** Largest error of a similarity of rows that were rounded to 32 bits after they were brought to unit length. */
const UNIT_ROUNDING = 2 ** -22;
/** Number of candidates beyond k that a query gathers before the best k are chosen among them. */
const ROOM = 256;

function lengths({ rows, cols, data }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let square = 0;
    for (let j = i * cols; j < (i + 1) * cols; j++) square += data[j]! * data[j]!;
    return Math.sqrt(square);
  });
}

/** Rows divided by their lengths, in 32 bits. Rows of zeros stay zero. */
function unitRows({ rows, cols, data }: Matrix, norms: Float64Array): Matrix {
  const unit = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    if (norms[i] === 0) continue;
    for (let j = i * cols; j < (i + 1) * cols; j++) unit[j] = data[j]! / norms[i]!;
  }
  return { rows, cols, data: unit };
}

/** The best candidates of one query so far. */
class Candidates {
  readonly #indices: Int32Array;
  readonly #similarities: Float64Array;
  #count = 0;
  /** Number of candidates at the front whose similarities are exact. */
  #exact = 0;
  /** Candidates whose rough score is lower are out. */
  threshold = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly k: number,
    private readonly margin: number,
    private readonly similarity: (index: number) => number,
  ) {
    this.#indices = new Int32Array(k + ROOM);
    this.#similarities = new Float64Array(k + ROOM);
  }

  add(index: number): void {
    this.#indices[this.#count++] = index;
    if (this.#count === this.#indices.length) this.#choose();
  }

  /** Keeps the k most similar candidates, in order; of equally similar ones, those of lower index. */
  #choose(): void {
    for (; this.#exact < this.#count; this.#exact++)
      this.#similarities[this.#exact] = this.similarity(this.#indices[this.#exact]!);
    const order = Array.from({ length: this.#count }, (_, i) => i).sort(
      (a, b) => this.#similarities[b]! - this.#similarities[a]! || this.#indices[a]! - this.#indices[b]!,
    );
    const kept = order.slice(0, this.k);
    const indices = kept.map((i) => this.#indices[i]!);
    const similarities = kept.map((i) => this.#similarities[i]!);
    this.#indices.set(indices);
    this.#similarities.set(similarities);
    this.#count = kept.length;
    this.#exact = kept.length;
    if (kept.length === this.k) this.threshold = similarities.at(-1)! - this.margin;
  }

  /** Writes the k best to row `row` of the result. */
  finish({ indices, similarities }: Neighbours, row: number): void {
    this.#choose();
    indices.set(this.#indices.subarray(0, this.k), row * this.k);
    similarities.set(this.#similarities.subarray(0, this.k), row * this.k);
  }
}

/** Offers the scores of a block to the candidates of its queries. @param first index of the first of these queries. */
function offer({ images, texts, scores, stride }: ScoreBlock, candidates: readonly Candidates[], first: number): void {
  for (let i = 0; i < images.count; i++) {
    const ofQuery = candidates[images.from + i - first]!;
    for (let t = 0; t < texts.count; t++) {
      if (scores[i * stride + t]! >= ofQuery.threshold) ofQuery.add(texts.from + t);
    }
  }
}

/**
 * Finds the k known rows of largest cosine similarity to each query. Similarities are sums in 64 bits of the rows as
 * given; a backend only rules out rows that are too far away. Of equally similar rows, the one of lower index is nearer.
 * A row of zeros has similarity 0 to every row. Memory is that of blocks of 1,024 x 1,024 scores.
 *
 * @param queries `[N, D]`. @param known `[M, D]`. @param k number of neighbours, at most M.
 * @throws MedbenchError('evaluation') if the widths differ.
 */
export async function nearestNeighbours(
  queries: Matrix,
  known: Matrix,
  k: number,
  options: { readonly backend?: Backend | undefined } = {},
): Promise<Neighbours> {
  const { cols } = known;
  if (queries.cols !== cols) {
    throw new MedbenchError('evaluation', `test features have ${queries.cols} entries, training features ${cols}`);
  }
  const result = {
    k,
    indices: new Int32Array(queries.rows * k),
    similarities: new Float64Array(queries.rows * k),
  };
  const [queryNorms, knownNorms] = [lengths(queries), lengths(known)];
  const product = new Float64Array(1);
  const similarity = (query: number, index: number): number => {
    const norms = queryNorms[query]! * knownNorms[index]!;
    if (norms === 0) return 0;
    innerProducts(queries.data, query, 1, known.data, index, 1, cols, product);
    return product[0]! / norms;
  };
  const scores = await scoreBlocks(unitRows(queries, queryNorms), unitRows(known, knownNorms), options);
  const margin = scores.margin + UNIT_ROUNDING;
  try {
    for (const range of splitRange({ from: 0, count: queries.rows }, BLOCK)) {
      const candidates = Array.from(
        { length: range.count },
        (_, i) => new Candidates(k, margin, (index) => similarity(range.from + i, index)),
      );
      for await (const block of scores.blocks(range)) offer(block, candidates, range.from);
      candidates.forEach((ofQuery, i) => {
        ofQuery.finish(result, range.from + i);
      });
    }
  } finally {
    await scores.close();
  }
  return result;
}
