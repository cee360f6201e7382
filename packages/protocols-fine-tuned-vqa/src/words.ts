import { MedbenchError } from '@medbench/core';
import { cleanQuestion } from '@medbench/evaluation';

/** A word list of questions, as the MEVF line of work makes one. */
export interface WordList {
  /** Distinct words, in order of their first appearance. */
  readonly words: readonly string[];
  /** Index of a word; an unknown word has that of the last word. */
  indexOf(word: string): number;
  /**
   * Indices of the first words of a question, padded at the end with the number of words in the list.
   * @param places length of the result.
   */
  encode(question: string, places: number): Int32Array;
}

const splitWords = (question: string): string[] =>
  cleanQuestion(question)
    .split(' ')
    .filter((word) => word !== '');

/** Makes the word list of training questions. @throws MedbenchError('data') if no question has a word. */
export function wordList(questions: readonly string[]): WordList {
  const index = new Map<string, number>();
  for (const question of questions) {
    for (const word of splitWords(question)) if (!index.has(word)) index.set(word, index.size);
  }
  if (index.size === 0) throw new MedbenchError('data', 'No training question has a word');
  const indexOf = (word: string): number => index.get(word) ?? index.size - 1;
  return {
    words: [...index.keys()],
    indexOf,
    encode(question, places) {
      const indices = new Int32Array(places).fill(index.size);
      for (const [place, word] of splitWords(question).slice(0, places).entries()) indices[place] = indexOf(word);
      return indices;
    },
  };
}
