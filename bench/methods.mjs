// Methods composed with the objectives that the project ships, as in a run.
import { composeMethod, objectivesFrom } from '@medbench/core/methods';
import * as objectives from '@medbench/objectives/plugin';

const OBJECTIVES = objectivesFrom(objectives);

/** Creates a method of this class, ready to train. */
export const createMethod = (Class) => composeMethod({ method: new Class(), objectives: OBJECTIVES });
