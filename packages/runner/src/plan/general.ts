import { methodSettings, type TrainingSettings } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { findEntry } from '@medbench/core/catalogue';
import type { Config } from '../config/schema.js';
import { GENERAL } from '../store/layout.js';
import type { MethodRow } from './rows.js';
import { methodTraining } from './validation.js';

/** How the general-domain weights are trained, once for all rows and seeds, unless existing weights are named. */
export interface GeneralTraining extends MethodRow {
  readonly corpus: CatalogueEntry<'corpus'>;
  readonly seed: number;
  readonly training: TrainingSettings;
}

/**
 * Plans the training of the general-domain weights. They never validate on the validation corpus, which is of the rows'
 * domain, but on `validation.share` of their own corpus.
 * @throws MedbenchError('unknown-id') or ('config') naming the fault.
 */
export function planGeneralTraining(config: Config, catalogue: Catalogue): GeneralTraining {
  const { general, methodSettings: methodOverrides } = config;
  const entry = findEntry(catalogue, 'method', general.method);
  const training = methodTraining(config, entry.id);
  return {
    id: GENERAL,
    entry,
    settings: methodSettings(entry.info, methodOverrides[entry.id]),
    corpus: findEntry(catalogue, 'corpus', general.corpus),
    seed: general.seed,
    training: { ...training, steps: general.steps, stopAt: null, learningRate: general.learningRate },
  };
}
