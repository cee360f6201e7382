import { describe, expect, it } from 'vitest';
import { ALIKE, CLIP, LOSS, type MadeUpRun, makeUpRun, SLIP, UNSURE, WIN } from '../../test/made-up.js';
import type { QuestionAnswer } from './answer.js';
import { answerQuestions } from './index.js';

const answerFor = (id: string, run: MadeUpRun): QuestionAnswer => {
  const { results, comparisons } = makeUpRun(run);
  return answerQuestions(results, comparisons).find((answer) => answer.id === id)!;
};
const unimodal = (columns: MadeUpRun['columns'], more: Partial<MadeUpRun> = {}): QuestionAnswer =>
  answerFor('unimodal', { rows: [CLIP, SLIP], columns, ...more });
const column = (task: string, slip: MadeUpRun['columns'][number]['against'][string], more = {}) => ({
  task,
  against: { slip },
  ...more,
});

/** The words of a sentence that claim a significant difference. */
const claims = (sentence: string): string[] => [...sentence.matchAll(/\b(helps|hurts)\b/g)].map(([word]) => word);

describe('an answer about one row in one column', () => {
  it.each([
    ['a significant gain', WIN, 'helps', 'Against clip, slip helps on A zero-shot.'],
    ['a significant loss', LOSS, 'hurts', 'Against clip, slip hurts on A zero-shot.'],
    ['no difference', ALIKE, 'no-difference', 'Against clip, slip: no difference found at this size on A zero-shot.'],
    ['too few examples', UNSURE, 'too-few', 'Against clip, slip: too few examples to tell on A zero-shot.'],
  ] as const)('reports %s', (_, outcome, verdict, sentence) => {
    const answer = unimodal([column('A', outcome)]);
    expect(answer).toMatchObject({ verdict, sentence });
    expect(answer.evidence).toEqual([
      {
        comparison: 'slip against clip',
        column: 'A zero-shot',
        difference: outcome.by,
        interval: [outcome.by - outcome.half, outcome.by + outcome.half],
        p: outcome.p,
        n: 600,
        favours: verdict === 'helps' ? 'first' : verdict === 'hurts' ? 'second' : 'none',
      },
    ]);
  });

  it('reverses a comparison whose rows are in the opposite order', () => {
    const { results, comparisons } = makeUpRun({ rows: [CLIP, SLIP], columns: [column('A', WIN)] });
    const turned = comparisons.map(({ pairs, ...rest }) => ({
      ...rest,
      pairs: pairs.map((one) => ({
        ...one,
        first: 'clip',
        second: 'slip',
        difference: -0.12,
        ci95: [-0.15, -0.09] as const,
      })),
    }));
    const [, answer] = answerQuestions(results, turned);
    expect(answer).toMatchObject({ verdict: 'helps', evidence: [{ difference: 0.12, interval: [0.09, 0.15] }] });
  });

  it('does not claim that there is no difference if only a few examples came out equal', () => {
    const alike = { by: 0, half: 0, p: 1 };
    expect(unimodal([column('A', alike, { n: 59 })]).verdict).toBe('too-few');
    expect(unimodal([column('A', alike, { n: 60 })]).verdict).toBe('no-difference');
  });

  it('treats an infinite interval, null in JSON, as too few examples to tell', () => {
    const { results, comparisons } = makeUpRun({
      rows: [CLIP, SLIP],
      columns: [column('A', { by: 0, half: Infinity, p: 1 })],
    });
    const [, answer] = answerQuestions(results, JSON.parse(JSON.stringify(comparisons)));
    expect(answer).toMatchObject({ verdict: 'too-few', evidence: [{ interval: null }] });
  });
});

describe('an answer over several columns', () => {
  it('reports a mix of directions as mixed', () => {
    const nine = [WIN, WIN, LOSS, ALIKE, ALIKE, ALIKE, ALIKE, ALIKE, ALIKE];
    const answer = unimodal(nine.map((outcome, i) => column('ABCDEFGHI'[i]!, outcome)));
    expect(answer.verdict).toBe('mixed');
    expect(answer.sentence).toBe(
      'Against clip, slip helps on 2 of 9 columns (A zero-shot; B zero-shot), hurts on 1 (C zero-shot), ' +
        'no difference found at this size on 6.',
    );
    expect(answer.brief).toBe('Against clip: slip helps on 2 and hurts on 1 of 9.');
  });

  it('has the verdict "helps" only if most columns do and none hurts', () => {
    expect(unimodal([WIN, ALIKE, ALIKE].map((outcome, i) => column(`${i}`, outcome))).verdict).toBe('mixed');
    expect(unimodal([WIN, WIN, ALIKE].map((outcome, i) => column(`${i}`, outcome))).verdict).toBe('helps');
    expect(unimodal([WIN, WIN, LOSS].map((outcome, i) => column(`${i}`, outcome))).verdict).toBe('mixed');
    expect(unimodal([ALIKE, UNSURE].map((outcome, i) => column(`${i}`, outcome))).verdict).toBe('too-few');
  });

  it('is corrected for the number of comparisons: a difference significant in one column is not among forty', () => {
    const barely = { by: 0.03, half: 0.015, p: 0.04, raw: 0.02 };
    expect(unimodal([column('A', barely)]).verdict).toBe('helps');
    const answer = unimodal(Array.from({ length: 40 }, (_, i) => column(`${i}`, i === 0 ? barely : ALIKE)));
    expect(answer.verdict).toBe('no-difference');
    expect(claims(answer.sentence)).toEqual([]);
    expect(answer.brief).toBe('Against clip: no row differs significantly on any of 40 columns.');
    expect(answer.evidence[0]!.p).toBeCloseTo(0.02 * 40, 12);
  });

  it('claims nothing if the metric and the tested score disagree about which row is better', () => {
    const { results, comparisons } = makeUpRun({ rows: [CLIP, SLIP], columns: [column('A', WIN)] });
    const cells = results.cells.map((cell) => ({ ...cell, value: cell.method === 'slip' ? 0.4 : 0.5 }));
    const answer = answerQuestions({ ...results, cells }, comparisons)[1]!;
    expect(answer.verdict).toBe('not-answerable');
    expect(claims(answer.sentence)).toEqual([]);
    expect(answer.sentence).toContain('the mean score per test example and accuracy disagree there');
  });

  it('is never more certain than the table', () => {
    const answer = unimodal([column('A', { by: 0.06, half: 0.05, p: 0.3, raw: 0.01 })]);
    expect(claims(answer.sentence)).toEqual([]);
    expect(answer.evidence[0]!.p).toBe(0.3);
  });

  it('names a failed cell and does not count it', () => {
    const answer = unimodal([column('A', WIN), column('B', 'failed'), column('C', WIN)]);
    expect(answer.sentence).toBe(
      'Against clip, slip helps on 2 of 3 columns (A zero-shot; C zero-shot), not compared on 1 (B zero-shot).',
    );
    expect(answer.basis).toContain('Not compared on B zero-shot: slip failed there.');
    const none = unimodal([column('A', 'failed')]);
    expect(none).toMatchObject({
      verdict: 'not-answerable',
      sentence: 'Not answerable: slip failed there.',
      evidence: [],
    });
  });
});

describe('the caveats of an answer', () => {
  it('say that data is generated', () => {
    const all = unimodal([column('A', WIN, { synthetic: true })]);
    expect(all.sentence).toBe(
      'On generated phantoms, which say nothing about medicine: against clip, slip helps on A zero-shot.',
    );
    const some = unimodal([column('A', WIN, { synthetic: true }), column('B', WIN)]);
    expect(some.sentence).toMatch(
      /^With 1 of 2 columns on generated phantoms: against clip, slip helps on all 2 columns\.$/,
    );
  });

  it('say that one seed is one training', () => {
    const { sentence, basis } = unimodal([column('A', WIN)], { seeds: [4] });
    expect(sentence).toBe(
      'With one training of each row (one seed), which another may contradict: against clip, slip helps on A zero-shot.',
    );
    expect(basis).toContain('1 seed;');
  });
});

describe('a question is not answerable', () => {
  const reason = (id: string, run: MadeUpRun) => {
    const answer = answerFor(id, run);
    expect(answer).toMatchObject({ verdict: 'not-answerable', evidence: [] });
    expect(claims(answer.sentence)).toEqual([]);
    return answer.sentence;
  };

  it('with one method', () => {
    expect(reason('unimodal', { rows: [CLIP], columns: [column('A', WIN)] })).toContain(
      'no row of this run has a unimodal loss',
    );
    expect(reason('unimodal', { rows: [SLIP], columns: [] })).toContain('the row clip, which the others');
  });

  it('without tasks', () => {
    expect(reason('unimodal', { rows: [CLIP, SLIP], columns: [] })).toBe('Not answerable: nothing was measured.');
  });

  it('in an unfinished run', () => {
    const { results } = makeUpRun({ rows: [CLIP, SLIP], columns: [column('A', WIN)] });
    const { statistics: _, ...unfinished } = results;
    expect(answerQuestions(unfinished)[1]!.sentence).toBe(
      'Not answerable: the run is not finished: its rows are compared at its end.',
    );
  });
});

describe('the three questions of the paper', () => {
  const LOCKED = { id: 'clip-locked', question: 'transfer' };
  const SCRATCH = { id: 'clip-scratch', question: 'transfer' };

  it('are answered in order, each with its own rows', () => {
    const rows = [CLIP, LOCKED, SLIP, { id: 'coca', question: 'granularity' }];
    const { results, comparisons } = makeUpRun({
      rows,
      columns: [{ task: 'A', against: { 'clip-locked': LOSS, slip: ALIKE, coca: WIN } }],
    });
    const answers = answerQuestions(results, comparisons);
    expect(answers.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['transfer', 'hurts'],
      ['unimodal', 'no-difference'],
      ['granularity', 'helps'],
    ]);
    expect(answers[0]!.question).toContain('does freezing part of them help');
  });

  it('start with one that the row from scratch decides, if there is one', () => {
    const answer = answerFor('transfer', {
      rows: [CLIP, LOCKED, SCRATCH],
      columns: [{ task: 'A', against: { 'clip-locked': WIN, 'clip-scratch': ALIKE } }],
    });
    expect(answer.verdict).toBe('no-difference');
    expect(answer.sentence).toBe(
      'Against clip-scratch, clip: no difference found at this size on A zero-shot; against clip, clip-locked helps on A zero-shot.',
    );
  });
});

describe('many rows of a question', () => {
  const rows = [CLIP, ...['flip', 'coca', 'filip'].map((id) => ({ id, question: 'granularity' }))];

  it('are counted in the sentence and listed in the details, without stronger claims', () => {
    const answer = answerFor('granularity', {
      rows,
      columns: [
        { task: 'A', against: { flip: LOSS, coca: WIN, filip: UNSURE } },
        { task: 'B', against: { flip: ALIKE, coca: LOSS, filip: UNSURE } },
      ],
    });
    expect(answer.verdict).toBe('mixed');
    expect(answer.sentence).toBe(
      'Against clip, flip hurts on 1 of 2 columns; coca helps on 1 and hurts on 1 of 2 columns; ' +
        'elsewhere no difference found at this size, or too few examples to tell.',
    );
    expect(answer.details).toEqual([
      'flip hurts on 1 of 2 columns (A zero-shot), no difference found at this size on 1.',
      'coca helps on 1 of 2 columns (A zero-shot), hurts on 1 (B zero-shot).',
      'filip: too few examples to tell on any of 2 columns.',
    ]);
    expect(answer.brief).toBe(
      'Against clip: flip hurts on 1 of 2; coca helps on 1 and hurts on 1 of 2; filip: nothing significant.',
    );
  });

  it('are counted in the brief answer if more than four have no significant difference', () => {
    const others = ['coca', 'filip', 'gloria', 'a', 'b'];
    const against = { flip: WIN, ...Object.fromEntries(others.map((id) => [id, UNSURE])) };
    const { brief } = answerFor('granularity', {
      rows: [CLIP, ...['flip', ...others].map((id) => ({ id, question: 'granularity' }))],
      columns: [{ task: 'A', against }],
    });
    expect(brief).toBe('Against clip: flip helps on 1 of 1; the other 5: nothing significant.');
  });

  it('without a finding are reported as no difference or as not compared', () => {
    const answer = answerFor('granularity', {
      rows,
      columns: [{ task: 'A', against: { flip: ALIKE, coca: ALIKE, filip: 'failed' } }],
    });
    expect(answer.sentence).toBe(
      'Against clip, no row differs significantly: no difference found at this size, or not compared.',
    );
  });
});

describe('a study with its own questions', () => {
  const study = {
    id: 'depth',
    title: 'Depth',
    question: 'How deep?',
    variants: [
      { id: 'a', title: 'ViT' },
      { id: 'b', title: 'ResNet' },
    ],
    questions: [{ id: 'half', question: 'Half?', against: 'clip', rows: ['slip', 'gone'], found: 'The best is 3' }],
  };

  it('gets answers to them instead of the three of the paper, separately for each variant', () => {
    const { results, comparisons } = makeUpRun({
      rows: [CLIP, SLIP],
      columns: [column('A@a', WIN), column('A@b', LOSS)],
      study,
    });
    const tasks = results.tasks.map((task) => ({ ...task, variant: task.id.at(-1)! }));
    const answers = answerQuestions({ ...results, tasks }, comparisons);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ id: 'half', question: 'Half?', verdict: 'mixed' });
    expect(answers[0]!.sentence).toBe(
      'The best is 3; against clip, with ViT, slip helps on A@a zero-shot; with ResNet, slip hurts on A@b zero-shot.',
    );
  });

  it('says which rows are missing', () => {
    const { results, comparisons } = makeUpRun({ rows: [CLIP], columns: [column('A', WIN)], study });
    expect(answerQuestions(results, comparisons)[0]!.sentence).toBe(
      'Not answerable: none of its rows (slip, gone) is in this run.',
    );
  });
});
