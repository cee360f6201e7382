import type { AnswerVerdict, QuestionAnswer } from '../src/answers/answer.js';

const evidence = (favours: 'first' | 'second' | 'none', difference: number, p: number | null) => ({
  comparison: 'coca against clip',
  column: 'PneumoniaMNIST, zero-shot',
  difference,
  interval: [difference - 0.02, difference + 0.02] as const,
  p,
  n: 624,
  favours,
});

/** Made-up answers, one for each of five verdicts. */
export const ANSWERS: readonly QuestionAnswer[] = (
  [
    ['helps', 'Captioning helps on 3 of 4 columns.', [evidence('first', 0.04, 0.001)]],
    ['hurts', 'Locking a tower hurts on 2 of 4 columns.', [evidence('second', -0.04, 0.01)]],
    ['no-difference', 'No difference found at this size.', [evidence('none', 0.002, 0.7)]],
    ['too-few', 'Too few examples to tell.', [evidence('none', 0.02, null)]],
    ['not-answerable', 'No row of this run bears on it.', []],
  ] as [AnswerVerdict, string, QuestionAnswer['evidence']][]
).map(([verdict, sentence, comparisons]) => ({
  id: verdict,
  question: `Does it help? (${verdict})`,
  verdict,
  brief: `In brief: ${sentence}`,
  sentence,
  basis: 'coca against clip, t over examples and seeds, 4 columns, 3 seeds, 203 to 624 test examples.',
  evidence: comparisons,
}));
