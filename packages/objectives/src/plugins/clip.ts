import { type LossOutput, Objective, type ObjectiveInput } from '@medbench/core';
import { clipObjective } from '../clip.js';

/** Each image must find its text among those of the batch, and each text its image. */
@Objective({
  id: 'clip',
  title: 'CLIP: symmetric InfoNCE at the learned scale',
  source: 'arXiv:2103.00020, section 2.3',
})
export class ClipObjective implements Objective {
  loss({ representations, parameters }: ObjectiveInput): LossOutput {
    return clipObjective(representations, parameters);
  }
}
