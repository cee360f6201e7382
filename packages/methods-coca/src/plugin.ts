import { defineSettings, integer, Method, number, type SettingsOf, use } from '@medbench/core';

const settings = defineSettings({
  caption: number({ default: 2, min: 0, description: 'Weight of the captioning loss.' }),
  layers: integer({ min: 1, description: 'Number of decoder layers; auto: as many as the text tower has.' }).orAuto(),
  queries: integer({ default: 256, min: 1, description: 'Number of queries that pool the patches for the decoder.' }),
});

/** CLIP, plus a decoder that must predict the caption from the image's patches. */
@Method({
  id: 'coca',
  title: 'CoCa: CLIP + captioning',
  question: 'granularity',
  extension: false,
  source: 'arXiv:2205.01917, equation 5; contrastive path as in CLIP',
  settings,
})
export class Coca implements Method<typeof settings> {
  readonly start = 'general';

  objectives({ caption, ...decoder }: SettingsOf<typeof settings>) {
    return [use('clip'), use('captioning', { weight: caption, ...decoder })];
  }
}
