import {
  boolean,
  choice,
  type DualEncoderModel,
  defineSettings,
  integer,
  Method,
  number,
  type SettingsOf,
  use,
} from '@medbench/core';
import { jointTowers } from './towers.js';

const settings = defineSettings({
  variant: choice(['medbench', 'study'], {
    default: 'medbench',
    description:
      "Tokens at a width of their own, beside CLIP's loss; or the study's: tokens alone, in the joint space.",
  }),
  global: boolean({ default: true, description: "Whether to add CLIP's loss on the global embeddings (medbench)." }),
  lambda: number({
    default: 1,
    min: 0,
    description: 'Weight of the token-wise loss beside the global loss (medbench).',
  }),
  width: integer({
    default: 256,
    min: 1,
    description: 'Width to which patches and words are projected (medbench).',
  }),
  pairs: choice(['all', 'own'], {
    default: 'all',
    description: "Compare an image with all texts of the batch, or only with its own as in the study's code (study).",
  }),
});
type Settings = SettingsOf<typeof settings>;

/**
 * Each patch is compared with its best word, and each word with its best patch; with or without the global loss.
 *
 * `variant: 'study'` is the model of the study of arXiv:2406.07450: tokens alone, in the joint space at CLIP's scale,
 * class token and start mark included; a new image projection and exact GELU in the image tower. Evaluation embeds the
 * class token by the new projection, and the end mark. `pairs: 'own'` is its loss as committed, in which no image meets
 * the text of another pair; whether its runs had this code cannot be known.
 */
@Method({
  id: 'filip',
  title: 'FILIP: tokens find tokens',
  question: 'granularity',
  extension: false,
  source: "arXiv:2111.07783, equations 2 to 5; the study's code (study)",
  settings,
})
export class Filip implements Method<typeof settings> {
  readonly start = 'general';

  /** @throws MedbenchError('config') if the image tower is no vision transformer (study). */
  towers(model: DualEncoderModel, { variant }: Settings): DualEncoderModel {
    return variant === 'study' ? jointTowers(model) : model;
  }

  objectives({ variant, global, lambda, width, pairs }: Settings) {
    if (variant === 'study') return [use('filip-joint', { pairs })];
    return global ? [use('clip'), use('filip', { weight: lambda, width })] : [use('filip', { width })];
  }
}
