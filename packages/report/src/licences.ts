import { type DataAccess, isRestricted } from '@medbench/core';

/** What a licence asks of weights that were trained on what it covers. First match wins. */
const DEMANDS: readonly (readonly [pattern: RegExp, demand: string])[] = [
  [
    /physionet/i,
    'do not pass the weights on: they may hold what the agreement protects. PhysioNet asks that models made of such data are shared through it alone, under the same agreement',
  ],
  [
    /by-nc-nd/i,
    'name the source; no commercial use; no adaptations passed on, and whether weights are one is not settled: ask before passing them on',
  ],
  [/by-nc-sa/i, 'name the source; no commercial use; pass adaptations on under the same licence'],
  [/by-nc/i, 'name the source; no commercial use'],
  [/by-nd/i, 'name the source; no adaptations passed on, and whether weights are one is not settled'],
  [/by-sa/i, 'name the source; pass adaptations on under the same licence'],
  [/cc.?by\b/i, 'name the source'],
  [/cc0|public domain/i, 'nothing; to name the source is good practice'],
  [/research/i, 'use for research alone; ask those who gave the data before passing the weights on'],
  [/that of each/i, 'what each source asks: some forbid commercial use or adaptations'],
  [/^mit$/i, 'keep the notice of the licence with the software; nothing of the weights'],
];

/** What a licence demands of weights, in words; where it is not known, that. */
export function licenceDemand(licence: string, access: DataAccess | undefined): string {
  const demand = DEMANDS.find(([pattern]) => pattern.test(licence))?.[1];
  if (demand !== undefined) return demand;
  return isRestricted(access)
    ? 'what the agreement says: do not pass the weights on before you have read it'
    : 'not known: read it before passing the weights on';
}
