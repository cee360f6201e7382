import type { Study } from '../study.js';
import { errors } from './errors.js';
import { firstThree } from './first-three.js';
import { paper } from './paper.js';
import { freezeDepth, lambdaByModality, rareClasses, textTower } from './sweeps.js';

/** The studies included in medbench. */
export const STUDIES: readonly Study[] = [
  paper,
  firstThree,
  errors,
  freezeDepth,
  textTower,
  lambdaByModality,
  rareClasses,
];
