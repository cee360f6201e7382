import { type DualEncoderModel, MedbenchError } from '@medbench/core';

/**
 * Checks that the text tower reads a text from left to right.
 * @param what the loss that predicts each word from those before it.
 * @throws MedbenchError('config') for a tower whose tokens attend to later ones.
 */
export function requireCausalText({ text }: DualEncoderModel, what: string): void {
  if (!text.bidirectional) return;
  throw new MedbenchError(
    'config',
    `${what} needs a causal text tower: it predicts each word from those before it, and ${text.id} has read them all`,
    {
      hint: 'Choose a causal text transformer with encoders.text, such as gpt-77, or leave this loss out (its weight 0).',
    },
  );
}
