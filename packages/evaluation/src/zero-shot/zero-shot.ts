import type { EvaluationModel, Matrix } from '@medbench/core';
import { MedbenchError } from '@medbench/core';
import { innerProducts } from '../numerics/linear-algebra.js';
import { checkVectors } from '../numerics/matrix.js';

/** Prompts of the classes: templates in which `{}` stands for the class phrase, or a function of the phrase. */
export type Prompts = readonly string[] | ((classPhrase: string) => string | readonly string[]);

/**
 * Makes the prompt texts of every class, in class order.
 *
 * @throws MedbenchError if a template has no `{}` or a class has no text.
 */
export function classTexts(prompts: Prompts, classPhrases: readonly string[]): string[][] {
  return classPhrases.map((phrase) => {
    const filled = typeof prompts === 'function' ? prompts(phrase) : prompts.map((template) => fill(template, phrase));
    const texts = typeof filled === 'string' ? [filled] : [...filled];
    if (texts.length === 0) throw new MedbenchError('config', `class "${phrase}" has no prompt`);
    return texts;
  });
}

function fill(template: string, phrase: string): string {
  if (template.includes('{}')) return template.replaceAll('{}', phrase);
  throw new MedbenchError('config', `prompt template "${template}" has no {} for the class name`, {
    hint: 'Write for example "chest X-ray with {}."',
  });
}

function addUnit(target: Float64Array, row: ArrayLike<number>): void {
  let square = 0;
  for (let j = 0; j < row.length; j++) square += row[j]! ** 2;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let j = 0; j < row.length; j++) target[j]! += scale * row[j]!;
}

/** Embeds the prompts of all classes. Protocols that use the same texts share the embeddings that a run keeps. */
async function embedPrompts(model: EvaluationModel, texts: readonly (readonly string[])[]): Promise<Matrix> {
  const flat = texts.flat();
  return checkVectors(await model.embedTexts(flat, 'prompts'), flat.length, 'text embeddings', model.id);
}

/**
 * Computes class weights `[C, D]`, rows of unit length: each text is embedded and normalised, the embeddings of a class
 * are averaged, and the mean is normalised again (Radford et al. 2021, section 3.1.4).
 */
export async function zeroShotWeights(model: EvaluationModel, texts: readonly (readonly string[])[]): Promise<Matrix> {
  const embedded = await embedPrompts(model, texts);
  const firsts = firstRows(texts);
  return classWeights(
    embedded,
    texts.map((ofClass, c) => ofClass.map((_, t) => firsts[c]! + t)),
  );
}

/**
 * Computes the class weights of each template alone, rows of unit length.
 * @param texts for each class, its text in every template.
 */
export async function templateWeights(
  model: EvaluationModel,
  texts: readonly (readonly string[])[],
): Promise<Matrix[]> {
  const embedded = await embedPrompts(model, texts);
  const firsts = firstRows(texts);
  return texts[0]!.map((_, t) =>
    classWeights(
      embedded,
      firsts.map((first) => [first + t]),
    ),
  );
}

/** Row of the first text of each class among the embeddings of all texts. */
function firstRows(texts: readonly (readonly string[])[]): number[] {
  let next = 0;
  return texts.map((ofClass) => {
    next += ofClass.length;
    return next - ofClass.length;
  });
}

/** Means of unit rows, of unit length. @param rows rows of `embedded` that belong to each class. */
function classWeights(embedded: Matrix, rows: readonly (readonly number[])[]): Matrix {
  const { cols } = embedded;
  const data = new Float32Array(rows.length * cols);
  rows.forEach((ofClass, c) => {
    const mean = new Float64Array(cols);
    for (const row of ofClass) addUnit(mean, embedded.data.subarray(row * cols, (row + 1) * cols));
    const unit = new Float64Array(cols);
    addUnit(unit, mean);
    data.set(unit, c * cols);
  });
  return { rows: rows.length, cols, data };
}

/**
 * Zero-shot logits `[N, C]`: cosine similarity times the logit scale. Equal class weights give equal bits, and `argMax`
 * then takes the lowest class index.
 *
 * @param images joint embeddings `[N, D]`, unit rows.
 * @param weights class weights `[C, D]`, unit rows.
 */
export function zeroShotLogits(images: Matrix, weights: Matrix, logitScale: number): Float64Array {
  if (images.cols !== weights.cols) {
    throw new MedbenchError(
      'evaluation',
      `image embeddings have ${images.cols} entries, text embeddings ${weights.cols}`,
    );
  }
  const logits = new Float64Array(images.rows * weights.rows);
  innerProducts(images.data, 0, images.rows, weights.data, 0, weights.rows, images.cols, logits);
  for (let i = 0; i < logits.length; i++) logits[i]! *= logitScale;
  return logits;
}
