import type { RunResults } from '@medbench/core';
import type { Contrast } from './judge.js';

/** A question as it is put to a run's rows. */
export interface PosedQuestion {
  readonly id: string;
  readonly question: string;
  readonly contrasts: readonly Contrast[];
  /** The contrasts that decide; the others are told beside them. Default: all. */
  readonly decisive?: readonly Contrast[];
  readonly on?: 'primary' | 'rare';
  /** A clause that is said first. */
  readonly found?: string;
  /** Why there is nothing to compare, where there is not. */
  readonly missing?: string;
}

/** The row that trains all of both towers from general-domain weights. */
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
  return reference
    ? {}
    : { missing: `the row ${REFERENCE}, with which the others are to be compared, is not in this run` };
}

/**
 * The paper's three questions. Each row that belongs to one is compared with `clip`, full fine-tuning from general-domain
 * weights. With a row from scratch, that comparison decides the first question; without, it is whether keeping what the
 * weights have (a locked or partly frozen tower) does better than fine-tuning all of them.
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
      : 'Do general-domain weights transfer: does it help to keep them in part, against fine-tuning all of them?',
    contrasts: [...scratchContrasts, ...frozenContrasts],
    ...(scratchContrasts.length > 0 ? { decisive: scratchContrasts } : {}),
    ...explainMissing(listIds('transfer'), has(REFERENCE), 'frozen general-domain weights, or none'),
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

/** The questions of the study that a run belongs to; the paper's where it says nothing else. */
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
          : { missing: `the row ${against}, with which the others are to be compared, is not in this run` }),
    };
  });
}
