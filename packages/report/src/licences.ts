import { type DataAccess, isRestricted } from '@medbench/core';

/** Demands of a licence on weights trained on the data that it covers. The first match wins. */
const DEMANDS: readonly (readonly [pattern: RegExp, demand: string])[] = [
  [
    /physionet/i,
    'do not pass the weights on: they may hold what the agreement protects. PhysioNet asks that models trained on such data are shared only through PhysioNet, under the same agreement',
  ],
  [
    /by-nc-nd/i,
    'name the source; no commercial use; do not pass adaptations on. Whether weights are an adaptation is not settled: ask before passing them on',
  ],
  [/by-nc-sa/i, 'name the source; no commercial use; pass adaptations on under the same licence'],
  [/by-nc/i, 'name the source; no commercial use'],
  [/by-nd/i, 'name the source; do not pass adaptations on. Whether weights are an adaptation is not settled'],
  [/by-sa/i, 'name the source; pass adaptations on under the same licence'],
  [/cc.?by\b/i, 'name the source'],
  [/cc0|public domain/i, 'nothing; naming the source is good practice'],
  [/research/i, 'use for research only; ask the providers of the data before passing the weights on'],
  [/that of each/i, 'what the licence of each source asks: some forbid commercial use or adaptations'],
  [/^mit$/i, 'keep the licence notice with the software; nothing for the weights'],
];

/** Describes the demands of a licence on weights; for an unknown licence, says that they are not known. */
export function licenceDemand(licence: string, access: DataAccess | undefined): string {
  const demand = DEMANDS.find(([pattern]) => pattern.test(licence))?.[1];
  if (demand !== undefined) return demand;
  return isRestricted(access)
    ? 'what the agreement says: do not pass the weights on before you have read it'
    : 'not known: read the licence before passing the weights on';
}
