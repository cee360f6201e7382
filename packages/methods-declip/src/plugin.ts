import { defineSettings, integer, MedbenchError, Method, number, type SettingsOf, use } from '@medbench/core';

const settings = defineSettings({
  image: number({
    default: 0.2,
    min: 0,
    max: 1,
    description: 'Weight of SimSiam between two views of the image.',
  }),
  text: number({ default: 0.2, min: 0, max: 1, description: "Weight of predicting the text's next token." }),
  neighbour: number({
    default: 0.2,
    min: 0,
    max: 1,
    description: 'Weight of the contrast with the nearest earlier text.',
  }),
  queue: integer({
    default: 1024,
    min: 2,
    description: 'Number of earlier texts in the queue; the paper has 65,536 for its batch of 4,096.',
  }),
  hidden: integer({
    min: 1,
    description: "Hidden width of the projection head; auto: 16/3 of the tower's width.",
  }).orAuto(),
  output: integer({ default: 256, min: 4, description: 'Width of the projections that are compared.' }),
  crop: number({
    default: 0.2,
    min: 0.01,
    max: 1,
    description: "Smallest share of the image's area that a view shows.",
  }),
});

/** CLIP, plus three more uses of each pair: two views of the image, the text's next tokens, and a similar text. */
@Method({
  id: 'declip',
  title: 'DeCLIP: CLIP + self-supervision + nearest neighbour',
  question: 'unimodal',
  source: 'arXiv:2110.05208, section 3, with next-token prediction for masked words; convex weights',
  settings,
})
export class Declip implements Method<typeof settings> {
  readonly start = 'general';

  objectives({ image, text, neighbour, queue, ...views }: SettingsOf<typeof settings>) {
    const weights = [image, text, neighbour];
    const clipWeight = 1 - weights.reduce((sum, weight) => sum + weight, 0);
    if (clipWeight < 0)
      throw new MedbenchError('config', `The weights of declip are ${weights.join(', ')}: together more than 1`);
    return [
      use('clip', { weight: clipWeight }),
      use('simsiam-views', { weight: image, ...views }),
      use('causal-lm', { weight: text }),
      use('nearest-text', { weight: neighbour, queue }),
    ];
  }
}
