import type { ObjectiveUse } from '../contracts/method.js';
import type { Settings } from '../contracts/settings.js';

/**
 * Makes a term of the sum that `objectives` of a method returns.
 * @param objective id of the objective.
 * @param options `weight` (default 1), and settings that override the objective's defaults.
 *
 * @example
 * ```ts
 * import { use } from '@medbench/core';
 *
 * const terms = [use('clip'), use('captioning', { weight: 2, layers: 6 })];
 * ```
 */
export function use(objective: string, options: Settings & { readonly weight?: number } = {}): ObjectiveUse {
  const { weight = 1, ...settings } = options;
  return { objective, weight, settings };
}
