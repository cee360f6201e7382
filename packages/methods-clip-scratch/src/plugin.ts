import { Method, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import { clipObjective } from '@medbench/objectives';

/** CLIP from random weights: what transfer from the general domain must beat. Not among the study's rows. */
@Method({
  id: 'clip-scratch',
  title: 'CLIP, from scratch',
  question: 'transfer',
  extension: true,
  source: 'arXiv:2103.00020, section 2.3',
})
export class ClipScratch implements Method {
  readonly start = 'scratch';

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    return clipObjective(representations, parameters);
  }
}
