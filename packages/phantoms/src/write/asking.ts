import type { Random } from '@medbench/core';
import type { Question } from '../model.js';

/** A random order in which the "no" answers beyond the number of "yes" come last, so that neither is the safe guess. */
export function askingOrder(questions: readonly Question[], stream: Random): number[] {
  const order = [...stream.permutation(questions.length)];
  const answered = (answer: string) => order.filter((at) => questions[at]!.answer === answer);
  const surplus = answered('no').slice(answered('yes').length);
  return [...order.filter((at) => !surplus.includes(at)), ...surplus];
}
