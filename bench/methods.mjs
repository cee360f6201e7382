// Methods with the objectives that the project ships, as a run puts them together.
import { composeMethod, objectivesFrom } from '@medbench/core/methods';
import * as objectives from '@medbench/objectives/plugin';

const OBJECTIVES = objectivesFrom(objectives);

/** A method of this class, ready to train. */
export const createMethod = (Class) => composeMethod({ method: new Class(), objectives: OBJECTIVES });
