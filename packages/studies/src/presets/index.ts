import type { Study } from '../study.js';
import { firstThree } from './first-three.js';
import { paper } from './paper.js';

/** The studies that medbench ships with. */
export const STUDIES: readonly Study[] = [paper, firstThree];
