import type { ObjectiveUse } from '../contracts/method.js';
import type { Settings } from '../contracts/settings.js';

/**
 * A term of a method's sum: `use('clip')`, `use('captioning', { weight: 2, layers: 6 })`.
 * @param options `weight`, default 1, and settings of the objective over its defaults.
 */
export function use(objective: string, options: Settings & { readonly weight?: number } = {}): ObjectiveUse {
  const { weight = 1, ...settings } = options;
  return { objective, weight, settings };
}
