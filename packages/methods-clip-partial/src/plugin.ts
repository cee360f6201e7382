import {
  choice,
  type DualEncoderModel,
  defineSettings,
  integer,
  Method,
  number,
  type SettingsOf,
  use,
} from '@medbench/core';
import { freezeBlocks, freezeFraction } from '@medbench/nn';

const settings = defineSettings({
  tower: choice(['image', 'text'], { default: 'image', description: 'The tower that is partly frozen.' }),
  freeze: number({
    default: 0.5,
    min: 0,
    max: 1,
    description: 'Fraction of its blocks that are frozen, counted from the input.',
  }),
  blocks: integer({
    min: 0,
    description: 'Number of frozen blocks in place of a fraction; auto: use the fraction.',
  }).orAuto(),
});

/**
 * CLIP with the lower part of one tower frozen: its embeddings and first blocks keep their general-domain weights, the
 * rest trains. The embeddings lie below the frozen blocks: training them would change the input of frozen layers.
 */
@Method({
  id: 'clip-partial',
  title: 'CLIP, partly frozen',
  question: 'transfer',
  extension: false,
  source: 'arXiv:2406.07450 (half of the image blocks frozen); open_clip layer groups',
  settings,
})
export class ClipPartial implements Method<typeof settings> {
  readonly start = 'general';

  frozen(model: DualEncoderModel, { tower, freeze, blocks }: SettingsOf<typeof settings>): readonly string[] {
    return blocks === 'auto' ? freezeFraction(model, tower, freeze) : freezeBlocks(model, tower, blocks);
  }

  objectives() {
    return [use('clip')];
  }
}
