import type { Random } from '@medbench/core';
import type { PhantomQuestion } from '../model.js';

/**
 * A random order of questions. If more are answered "no" than "yes", the surplus comes last, so that "no" is no safe
 * guess for the questions that are asked first.
 */
export function askingOrder(questions: readonly PhantomQuestion[], stream: Random): number[] {
  const order = [...stream.permutation(questions.length)];
  const answered = (answer: string) => order.filter((index) => questions[index]!.answer === answer);
  const surplus = answered('no').slice(answered('yes').length);
  return [...order.filter((index) => !surplus.includes(index)), ...surplus];
}
