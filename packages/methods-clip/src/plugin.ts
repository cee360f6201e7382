import { Method, type ObjectiveInput, type ObjectiveOutput } from '@medbench/core';
import { clipObjective } from '@medbench/objectives';

/** Both towers start from general-domain weights and train in full on the symmetric InfoNCE loss. */
@Method({
  id: 'clip',
  title: 'CLIP, full fine-tuning',
  question: 'baseline',
  extension: false,
  source: 'arXiv:2103.00020, section 2.3',
})
export class Clip implements Method {
  readonly start = 'general';

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    return clipObjective(representations, parameters);
  }
}
