import type { RunResults } from '@medbench/core';
import type { Contrast } from './judge.js';

/** A question about a run, with the contrasts of its rows that answer it. */
export interface PosedQuestion {
  readonly id: string;
  readonly question: string;
  readonly contrasts: readonly Contrast[];
  /** The contrasts that decide the verdict; the sentence also reports the others. Default: all contrasts. */
  readonly decisive?: readonly Contrast[];
  readonly on?: 'primary' | 'rare';
  /** A finding of the study that the sentence begins with. */
  readonly found?: string;
  /** Why there is nothing to compare; undefined if there is. */
  readonly missing?: string;
}

/** The row that fine-tunes both towers completely, starting from general-domain weights. */
const REFERENCE = 'clip';
const SCRATCH = 'clip-scratch';

const QUESTION_TEXTS: Readonly<
  Record<'unimodal' | 'granularity', { readonly question: string; readonly row: string }>
> = {
  unimodal: { question: 'Does a unimodal loss beside the contrastive one help?', row: 'a unimodal loss' },
  granularity: { question: 'Do fine-grained features help?', row: 'fine-grained features' },
};

function explainMissing(rows: readonly string[], reference: boolean, feature: string): Pick<PosedQuestion, 'missing'> {
  if (rows.length === 0) return { missing: `no row of this run has ${feature}` };
  return reference ? {} : { missing: `the row ${REFERENCE}, which the others are compared with, is not in this run` };
}

/**
 * The paper's three questions. Each row of a question is compared with `clip`, full fine-tuning from general-domain
 * weights. If a row trains from scratch, its comparison decides the first question. Otherwise the first question asks
 * whether freezing part of the weights (a locked or partly frozen tower) does better than fine-tuning all of them.
 */
export function paperQuestions({ methods }: RunResults): PosedQuestion[] {
  const rows = methods.filter(({ control }) => !control);
  const has = (id: string): boolean => rows.some((row) => row.id === id);
  const listIds = (question: string): string[] => rows.filter((row) => row.question === question).map(({ id }) => id);
  const frozenRows = listIds('transfer').filter((id) => id !== SCRATCH);
  const frozenContrasts = frozenRows.map((first) => ({ first, second: REFERENCE }));
  const scratchContrasts = has(SCRATCH) ? [{ first: REFERENCE, second: SCRATCH }] : [];
  const transfer: PosedQuestion = {
    id: 'transfer',
    question: has(SCRATCH)
      ? 'Do general-domain weights transfer: does starting from them help?'
      : 'Do general-domain weights transfer: does freezing part of them help, compared with fine-tuning all of them?',
    contrasts: [...scratchContrasts, ...frozenContrasts],
    ...(scratchContrasts.length > 0 ? { decisive: scratchContrasts } : {}),
    ...explainMissing(listIds('transfer'), has(REFERENCE), 'frozen general-domain weights or random initial weights'),
  };
  return [
    transfer,
    ...(['unimodal', 'granularity'] as const).map((id): PosedQuestion => {
      const ids = listIds(id);
      return {
        id,
        question: QUESTION_TEXTS[id].question,
        contrasts: ids.map((first) => ({ first, second: REFERENCE })),
        ...explainMissing(ids, has(REFERENCE), QUESTION_TEXTS[id].row),
      };
    }),
  ];
}

/** The questions of the study that a run belongs to; the paper's questions if there is no study or it has none. */
export function listQuestions(results: RunResults): PosedQuestion[] {
  const { study } = results.run;
  if (!study || study.questions.length === 0) return paperQuestions(results);
  const rowIds = new Set(results.methods.map(({ id }) => id));
  return study.questions.map(({ id, question, against, rows, on, found: priorFinding }): PosedQuestion => {
    const presentRows = rows.filter((row) => rowIds.has(row));
    return {
      id,
      question,
      contrasts: presentRows.map((first) => ({ first, second: against })),
      ...(on ? { on } : {}),
      ...(priorFinding ? { found: priorFinding } : {}),
      ...(presentRows.length === 0
        ? { missing: `none of its rows (${rows.join(', ')}) is in this run` }
        : rowIds.has(against)
          ? {}
          : { missing: `the row ${against}, which the others are compared with, is not in this run` }),
    };
  });
}
