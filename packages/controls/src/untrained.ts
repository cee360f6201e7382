import { Control, type ControlContext, type EvaluationModel } from '@medbench/core';

/** The run's own towers with random initial weights, to show what the architecture achieves without training. */
@Control({
  id: 'untrained',
  title: 'Untrained encoder',
  protocols: [
    'zero-shot',
    'linear-probe',
    'knn',
    'simple-shot',
    'prompt-sensitivity',
    'zero-shot-corruptions',
    'linear-probe-corruptions',
    'retrieval',
    'vqa',
    'vqa-fine-tuned',
  ],
  needsTowers: true,
  source: 'the encoders of the run at initialisation',
})
export class Untrained implements Control {
  model({ untrained }: ControlContext): Promise<EvaluationModel> {
    return untrained();
  }
}
