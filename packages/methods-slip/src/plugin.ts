import { boolean, defineSettings, integer, Method, number, type SettingsOf, use } from '@medbench/core';

const settings = defineSettings({
  lambda: number({ default: 1, min: 0, description: 'Weight of the image-only loss.' }),
  temperature: number({ default: 0.1, min: 0.001, description: 'Temperature of NT-Xent.' }),
  hidden: integer({
    min: 1,
    description: "Hidden width of the projection head; auto: 16/3 of the tower's width, 4096 for a ViT-B.",
  }).orAuto(),
  output: integer({ default: 256, min: 1, description: 'Width of the projections that are contrasted.' }),
  crop: number({
    default: 0.08,
    min: 0.01,
    max: 1,
    description: "Smallest share of the image's area that a view shows.",
  }),
  flip: boolean({ default: false, description: 'Whether views may be mirrored, which swaps left and right.' }),
});

/** CLIP on one view, plus a loss on two more, augmented views of the image, which must find each other. */
@Method({
  id: 'slip',
  title: 'SLIP: CLIP + two augmented views',
  question: 'unimodal',
  extension: false,
  source: 'arXiv:2112.12750, section 3; additive weight',
  settings,
})
export class Slip implements Method<typeof settings> {
  readonly start = 'general';

  objectives({ lambda, ...views }: SettingsOf<typeof settings>) {
    return [use('clip'), use('nt-xent-views', { weight: lambda, ...views })];
  }
}
