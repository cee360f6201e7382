import { Control, type EvaluationModel, type Matrix } from '@medbench/core';
import { fixedModel } from './fixed-model.js';

/** Number of buckets of the hashed bag of words. */
const BUCKETS = 256;

/** Hashes a word with FNV-1a, 32 bits. */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) value = Math.imul(value ^ word.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Hashed bag of words with unit rows, `[N, 256]`. Signs are hashed too, so that collisions cancel on average. */
export function bagOfWords(texts: readonly string[]): Matrix {
  const data = new Float32Array(texts.length * BUCKETS);
  texts.forEach((text, row) => {
    const bag = data.subarray(row * BUCKETS, (row + 1) * BUCKETS);
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
      const code = hash(word);
      bag[code % BUCKETS]! += code & 0x80000000 ? -1 : 1;
    }
    const norm = Math.hypot(...bag) || 1;
    for (let i = 0; i < BUCKETS; i++) bag[i]! /= norm;
  });
  return { rows: texts.length, cols: BUCKETS, data };
}

/** Answers from the words of the question only, to show how well answers can be guessed without the image. */
@Control({
  id: 'question-only',
  title: 'Question only',
  protocols: ['vqa', 'vqa-fine-tuned'],
  needsTowers: false,
  source: 'the VQA head on a hashed bag of question words, no image',
})
export class QuestionOnly implements Control {
  async model(): Promise<EvaluationModel> {
    return fixedModel({
      id: 'question-only',
      texts: async (texts) => bagOfWords(texts),
      refusal: 'The question-only control never sees an image',
    });
  }
}
