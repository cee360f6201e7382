import {
  type DualEncoderModel,
  Method,
  type ObjectiveInput,
  type ObjectiveOutput,
  type Settings,
} from '@medbench/core';
import { freezeBlocks, freezeFraction } from '@medbench/nn';
import { clipObjective } from '@medbench/objectives';

/**
 * CLIP with the lower part of one tower frozen: its embeddings and the first blocks keep their general-domain values,
 * the rest trains. The embeddings lie below the frozen blocks; moving them would move what frozen layers see.
 */
@Method({
  id: 'clip-partial',
  title: 'CLIP, partly frozen',
  question: 'transfer',
  extension: false,
  source: 'arXiv:2406.07450 (half of the image blocks frozen); open_clip layer groups',
  settings: {
    tower: { default: 'image', choices: ['image', 'text'], description: 'Which tower is partly frozen.' },
    freeze: { default: 0.5, min: 0, max: 1, description: 'Fraction of its blocks that is frozen, from the input.' },
    blocks: { default: -1, min: -1, description: 'Number of blocks in place of a fraction; -1: the fraction counts.' },
  },
})
export class ClipPartial implements Method {
  readonly start = 'general';

  frozen(model: DualEncoderModel, settings: Settings): readonly string[] {
    const tower = settings.tower === 'text' ? 'text' : 'image';
    const blocks = Number(settings.blocks);
    return blocks >= 0 ? freezeBlocks(model, tower, blocks) : freezeFraction(model, tower, Number(settings.freeze));
  }

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    return clipObjective(representations, parameters);
  }
}
