import { choice, defineSettings, integer, Method, number, type SettingsOf, use } from '@medbench/core';

const settings = defineSettings({
  partners: choice(['meant', 'as-trained'], {
    default: 'meant',
    description:
      "Which rows of a batch belong together: each image's text and second view, or those that the study's code pairs.",
  }),
  ratio: number({
    default: 0,
    min: 0,
    max: 0.99,
    description: 'Share of the patches that are dropped from the second view; the first is whole. 0: both are whole.',
  }),
  micro: integer({
    min: 1,
    description: 'Pairs of a micro-batch (as-trained); auto: training.batchSize / (ranks · accumulation), 32 of 512.',
  }).orAuto(),
  accumulation: integer({ default: 4, min: 1, description: 'Micro-batches of a process (as-trained).' }),
  ranks: integer({ default: 4, min: 1, description: 'Processes that share a batch (as-trained).' }),
});

/**
 * CLIP on one view of the image, and the same loss between it and a second one: both in the joint space, at CLIP's own
 * scale, without a head. The views are two draws of the training transform. With a `ratio` it is the study's masked row.
 *
 * `partners: 'as-trained'` pairs the rows of a batch as the study's code does (as committed; whether its runs had this
 * code cannot be known): on each of `ranks` processes, `accumulation` micro-batches of `micro` pairs list their views in
 * turn, and the list is cut in two halves. A batch that is smaller than the study's 512 keeps processes and
 * accumulation, and with them the share of wrong partners; its micro-batches shrink.
 */
@Method({
  id: 'unimodal-image',
  title: 'Unimodal image: CLIP + a second view',
  question: 'unimodal',
  extension: false,
  source: "the study's code (arXiv:2406.07450): mean of four cross-entropies",
  settings,
})
export class UnimodalImage implements Method<typeof settings> {
  readonly start = 'general';

  objectives(values: SettingsOf<typeof settings>) {
    return [use('unimodal-image', values)];
  }
}
