import { methodSettings, type TrainingSettings } from '@medbench/core';
import type { Catalogue, CatalogueEntry } from '@medbench/core/catalogue';
import { findEntry } from '@medbench/core/catalogue';
import type { Config } from '../config/schema.js';
import { GENERAL } from '../store/layout.js';
import type { MethodRow } from './rows.js';

/** How the general-domain weights are trained, once for all rows and seeds, unless existing weights are named. */
export interface GeneralTraining extends MethodRow {
  readonly corpus: CatalogueEntry<'corpus'>;
  readonly seed: number;
  readonly training: TrainingSettings;
}

/**
 * Plans the training of the general-domain weights.
 * @throws MedbenchError('unknown-id') or ('config') naming the fault.
 */
export function planGeneralTraining(config: Config, catalogue: Catalogue): GeneralTraining {
  const { general, training, methodSettings: methodOverrides } = config;
  const entry = findEntry(catalogue, 'method', general.method);
  return {
    id: GENERAL,
    entry,
    settings: methodSettings(entry.info, methodOverrides[entry.id]),
    corpus: findEntry(catalogue, 'corpus', general.corpus),
    seed: general.seed,
    training: { ...training, steps: general.steps, stopAt: null, learningRate: general.learningRate },
  };
}
