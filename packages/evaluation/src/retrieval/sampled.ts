import type { Matrix, SampledAnswers } from '@medbench/core';
import { sampledIndices } from '../gallery/sampled.js';
import { innerProducts } from '../numerics/linear-algebra.js';
import type { RetrievalRanks } from './ranks.js';

/** Number of sampled queries in each direction. */
const QUERIES = 32;
/** Number of answers kept for each query. */
const NEAREST = 5;

/** The image that each text describes, and the texts that count as one. */
export interface TextPairing {
  readonly imageOfText: Int32Array;
  /** Row of the text embeddings for each text, if texts that read the same share a row. */
  readonly rowOfText?: Int32Array;
  /** Index of the first text of each row. */
  readonly first?: Int32Array;
}

/** Rows of `among` that are nearest to a query. Right rows come after wrong ones of equal score, as in the ranks. */
function nearest(query: Matrix, row: number, among: Matrix, right: ReadonlySet<number>): number[] {
  const scores = new Float64Array(among.rows);
  innerProducts(query.data, row, 1, among.data, 0, among.rows, query.cols, scores);
  const best: number[] = [];
  const before = (a: number, b: number): boolean =>
    scores[a] === scores[b] ? Number(right.has(a)) < Number(right.has(b)) : scores[a]! > scores[b]!;
  scores.forEach((_, i) => {
    let position = best.length;
    while (position > 0 && before(i, best[position - 1]!)) position--;
    if (position < NEAREST) best.splice(position, 0, i);
    if (best.length > NEAREST) best.pop();
  });
  return best;
}

/**
 * Samples a few queries in each direction, with their five nearest answers and the ranks that `retrievalRanks`
 * computed.
 *
 * @param images `[N, D]`, unit rows.
 * @param texts `[M, D]`, unit rows; one row per distinct text if texts share rows.
 */
export function sampledRetrieval(
  images: Matrix,
  texts: Matrix,
  { imageToText, textToImage }: RetrievalRanks,
  { imageOfText, rowOfText, first }: TextPairing,
): SampledAnswers[] {
  const findRow = (text: number): number => rowOfText?.[text] ?? text;
  const imagesOfRow = new Map<number, Set<number>>();
  const rowsOfImage = new Map<number, Set<number>>();
  imageOfText.forEach((image, text) => {
    const row = findRow(text);
    imagesOfRow.set(row, (imagesOfRow.get(row) ?? new Set()).add(image));
    rowsOfImage.set(image, (rowsOfImage.get(image) ?? new Set()).add(row));
  });
  const imagesWithText = Int32Array.from(imageToText.keys()).filter((image) => imageToText[image]! > 0);
  const imageQueries = sampledIndices(imagesWithText.length, 'images', QUERIES).map((i) => imagesWithText[i]!);
  const textQueries = sampledIndices(imageOfText.length, 'texts', QUERIES);
  const nearestRows = {
    texts: imageQueries.map((image) => nearest(images, image, texts, rowsOfImage.get(image)!)),
    images: textQueries.map((text) => nearest(texts, findRow(text), images, imagesOfRow.get(findRow(text))!)),
  };
  const flags = (answers: readonly number[], right: ReadonlySet<number>): number[] =>
    answers.map((answer) => (right.has(answer) ? 1 : 0));
  return [
    {
      query: 'image-to-text',
      examples: imageQueries,
      answers: nearestRows.texts.map((rows) => rows.map((row) => first?.[row] ?? row)),
      hits: nearestRows.texts.map((rows, i) => flags(rows, rowsOfImage.get(imageQueries[i]!)!)),
      ranks: imageQueries.map((image) => imageToText[image]!),
    },
    {
      query: 'text-to-image',
      examples: textQueries,
      answers: nearestRows.images,
      hits: nearestRows.images.map((places, i) => flags(places, imagesOfRow.get(findRow(textQueries[i]!))!)),
      ranks: textQueries.map((text) => textToImage[text]!),
    },
  ];
}
