import type { RunResults } from '@medbench/core';
import type { Contrast } from './judge.js';

/** A question as it is put to a run's rows. */
export interface Asked {
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

const WITH: Readonly<Record<'unimodal' | 'granularity', { readonly question: string; readonly row: string }>> = {
  unimodal: { question: 'Does a unimodal loss beside the contrastive one help?', row: 'a unimodal loss' },
  granularity: { question: 'Do fine-grained features help?', row: 'fine-grained features' },
};

function missing(rows: readonly string[], reference: boolean, what: string): Pick<Asked, 'missing'> {
  if (rows.length === 0) return { missing: `no row of this run has ${what}` };
  return reference
    ? {}
    : { missing: `the row ${REFERENCE}, with which the others are to be compared, is not in this run` };
}

/**
 * The paper's three questions. Each row that belongs to one is compared with `clip`, full fine-tuning from general-domain
 * weights. With a row from scratch, that comparison decides the first question; without, it is whether keeping what the
 * weights have (a locked or partly frozen tower) does better than fine-tuning all of them.
 */
export function paperQuestions({ methods }: RunResults): Asked[] {
  const rows = methods.filter(({ control }) => !control);
  const has = (id: string): boolean => rows.some((row) => row.id === id);
  const of = (question: string): string[] => rows.filter((row) => row.question === question).map(({ id }) => id);
  const kept = of('transfer').filter((id) => id !== SCRATCH);
  const keeping = kept.map((first) => ({ first, second: REFERENCE }));
  const start = has(SCRATCH) ? [{ first: REFERENCE, second: SCRATCH }] : [];
  const transfer: Asked = {
    id: 'transfer',
    question: has(SCRATCH)
      ? 'Do general-domain weights transfer: does starting from them help?'
      : 'Do general-domain weights transfer: does it help to keep them in part, against fine-tuning all of them?',
    contrasts: [...start, ...keeping],
    ...(start.length > 0 ? { decisive: start } : {}),
    ...missing(of('transfer'), has(REFERENCE), 'frozen general-domain weights, or none'),
  };
  return [
    transfer,
    ...(['unimodal', 'granularity'] as const).map((id): Asked => {
      const ids = of(id);
      return {
        id,
        question: WITH[id].question,
        contrasts: ids.map((first) => ({ first, second: REFERENCE })),
        ...missing(ids, has(REFERENCE), WITH[id].row),
      };
    }),
  ];
}

/** The questions of the study that a run belongs to; the paper's where it says nothing else. */
export function listQuestions(results: RunResults): Asked[] {
  const { study } = results.run;
  if (!study || study.questions.length === 0) return paperQuestions(results);
  const known = new Set(results.methods.map(({ id }) => id));
  return study.questions.map(({ id, question, against, rows, on, found }): Asked => {
    const there = rows.filter((row) => known.has(row));
    return {
      id,
      question,
      contrasts: there.map((first) => ({ first, second: against })),
      ...(on ? { on } : {}),
      ...(found ? { found } : {}),
      ...(there.length === 0
        ? { missing: `none of its rows (${rows.join(', ')}) is in this run` }
        : known.has(against)
          ? {}
          : { missing: `the row ${against}, with which the others are to be compared, is not in this run` }),
    };
  });
}
