import { boolean, choice, defineSettings, integer, number, type SettingsOf, text } from '@medbench/core';

/** Settings of fine-tuned VQA. The defaults are the study's, but for `head`. */
export const FINE_TUNED_VQA_SETTINGS = defineSettings({
  head: choice(['none', 'ban'], {
    default: 'none',
    description: 'none: not measured; ban: bilinear attention between image and words, as the study',
  }),
  train: choice(['all', 'head'], {
    default: 'all',
    description: 'what is trained: towers and head, in a copy; or the head alone, on the outputs of frozen towers',
  }),
  epochs: integer({ default: 20, min: 1, description: 'epochs; the weights of the last one count' }),
  batchSize: integer({
    default: 32,
    min: 1,
    description: 'questions per step; those left over at the end of an epoch are left out of it',
  }),
  learningRate: number({
    default: 1e-3,
    min: 0,
    description:
      'learning rate, multiplied by 0.5, 1, 1.5, 2 in epochs 0 to 3, by 2 after them, and by 0.75 at epochs 10, 12, 14 and so on',
  }),
  clipNorm: number({ default: 0.25, min: 0, description: 'maximum norm of the gradient; 0: no maximum' }),
  glimpses: integer({ default: 2, min: 1, description: 'attention maps; only the last one reaches the answer' }),
  hidden: integer({
    min: 1,
    description:
      'width of the attention and of the code of the auto-encoder; auto: that of the joint space (study: 512)',
  }).orAuto(),
  dropout: number({
    default: 0.2,
    min: 0,
    max: 0.95,
    description: 'dropout before the linear layers of the attention',
  }),
  dropoutLate: number({
    default: 0.5,
    min: 0,
    max: 0.95,
    description: 'dropout of the attended image and of the hidden layer of the classifier',
  }),
  autoEncoder: boolean({
    default: true,
    description: 'whether the code of a convolutional auto-encoder of 128 x 128 grey pixels joins the image embedding',
  }),
  autoEncoderWeights: text({
    default: '',
    description:
      "safetensors file with the auto-encoder's start weights, by PyTorch's names (conv1.weight …); empty: random weights",
  }),
  reconstruction: number({ default: 0.001, min: 0, description: 'weight of the reconstruction loss' }),
  words: choice(['study', 'tokens'], {
    default: 'study',
    description:
      "study: indices of a word list go straight into the text tower's token table; tokens: the tower's own tokenizer",
  }),
  places: integer({ default: 12, min: 2, description: 'words or tokens of a question that count' }),
  image: choice(['unnormalised', 'normalised'], {
    default: 'unnormalised',
    description: 'pixels in [0, 1], as the study; or with the mean and deviation that the towers were trained with',
  }),
});
export type FineTunedVqaSettings = SettingsOf<typeof FINE_TUNED_VQA_SETTINGS>;

/**
 * The study's learning rate: lr × 0.5, 1, 1.5, 2 in epochs 0 to 3, 2 lr after them, × 0.75 at epoch 10 and every second
 * epoch from there.
 */
export function scheduledRate(learningRate: number, epoch: number): number {
  if (epoch < 4) return (learningRate * (epoch + 1)) / 2;
  const decays = epoch < 10 ? 0 : Math.floor((epoch - 10) / 2) + 1;
  return learningRate * 2 * 0.75 ** decays;
}
