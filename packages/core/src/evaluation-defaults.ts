import type { EvaluationSettings } from './contracts/evaluation.js';

/** How protocols are carried out where nobody says otherwise. */
export const EVALUATION_DEFAULTS: EvaluationSettings = {
  probe: {
    solver: 'lbfgs',
    features: 'both',
    grid: [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000],
    refit: 'train+val',
    shots: [],
  },
  retrieval: { positives: 'own' },
  vqa: { head: 'mlp' },
  split: 'test',
};
