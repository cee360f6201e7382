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
import { pooledTowers } from './towers.js';

const settings = defineSettings({
  variant: choice(['medbench', 'study'], {
    default: 'medbench',
    description:
      "Contrast as in CLIP, the decoder beside it; or the study's: pooled image, class embedding in the text.",
  }),
  caption: number({ default: 2, min: 0, description: 'Weight of the captioning loss.' }),
  layers: integer({ min: 1, description: 'Number of decoder layers; auto: as many as the text tower has.' }).orAuto(),
  queries: integer({ default: 256, min: 1, description: 'Number of queries that pool the patches for the decoder.' }),
  shift: integer({
    default: 1,
    min: 0,
    max: 1,
    description:
      "Positions from a token to its label (study); 0 as in the study's code, where the decoder reads the label.",
  }),
});
type Settings = SettingsOf<typeof settings>;

/**
 * CLIP, plus a decoder that must predict the caption from the image's patches.
 *
 * `variant: 'study'` is the model of the study of arXiv:2406.07450, from its code as committed (whether its runs had
 * this code cannot be known). The study started pooler, norm, projection, decoder, class embedding and logit scale from
 * weights trained on LAION; here they start from random values, and the logit scale from the general-domain weights.
 */
@Method({
  id: 'coca',
  title: 'CoCa: CLIP + captioning',
  question: 'granularity',
  extension: false,
  source: "arXiv:2205.01917, equation 5; contrastive path as in CLIP, or as in the study's code (study)",
  settings,
})
export class Coca implements Method<typeof settings> {
  readonly start = 'general';

  /** @throws MedbenchError('config') as `pooledTowers` (study). */
  towers(model: DualEncoderModel, { variant, queries }: Settings): DualEncoderModel {
    return variant === 'study' ? pooledTowers(model, queries) : model;
  }

  objectives({ variant, caption: weight, layers, queries, shift }: Settings) {
    return variant === 'study'
      ? [use('clip'), use('captioning-pooled', { weight, layers, shift })]
      : [use('clip'), use('captioning', { weight, layers, queries })];
  }
}
