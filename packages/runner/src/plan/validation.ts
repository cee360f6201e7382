import type { Settings, TrainingSettings } from '@medbench/core';
import { MedbenchError, parseSetting, resolveSettings, settingSpec } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { findEntry } from '@medbench/core/catalogue';
import type { Config } from '../config/schema.js';
import { parseSelector } from './rows.js';

/** The corpus that the rows of a run validate on. */
export interface PlannedValidation {
  /** The corpus and its settings as given: `pmc-oa:split=valid`. */
  readonly id: string;
  readonly entry: CatalogueEntry<'corpus'>;
  /** All settings of the corpus: those given here, then `corpusSettings`, then the defaults. */
  readonly settings: Settings;
}

/**
 * Plans the validation corpus of a run; null if there is none (`training.validation.corpus`).
 * @param trained corpora that the rows train on.
 * @throws MedbenchError('unknown-id') for an unknown corpus or setting; ('config') if a setting has a wrong value or the
 *   rows train on the very same pairs.
 */
export function planValidation(
  { training, corpusSettings }: Config,
  catalogue: Catalogue,
  trained: readonly CatalogueEntry<'corpus'>[],
): PlannedValidation | null {
  const selector = training.validation.corpus;
  if (selector === null) return null;
  const { id, settings: given } = parseSelector(selector, 'training.validation.corpus');
  const entry = findEntry(catalogue, 'corpus', id);
  const { info } = entry;
  const chosen = Object.entries(given).map(([name, text]) => [name, parseSetting(settingSpec(info, name), text)]);
  const ofRun = corpusSettings[id];
  const settings = resolveSettings('corpusSettings', info, { ...ofRun, ...Object.fromEntries(chosen) });
  const same = JSON.stringify(settings) === JSON.stringify(resolveSettings('corpusSettings', info, ofRun));
  if (same && trained.some((corpus) => corpus.id === id)) {
    throw new MedbenchError('config', `training.validation.corpus: the rows train on the pairs of ${selector} too`, {
      hint: 'Name another corpus or split, or hold out training.validation.share of the training pairs.',
    });
  }
  return { id: selector, entry, settings };
}

/** The training of a method's rows: with its own validation loss, if `lossOf` names the method. */
export function methodTraining({ training }: Config, method: string): TrainingSettings {
  const { lossOf, ...validation } = training.validation;
  return { ...training, validation: { ...validation, loss: lossOf[method] ?? validation.loss } };
}
