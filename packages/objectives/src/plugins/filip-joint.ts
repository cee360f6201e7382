import {
  choice,
  defineSettings,
  type EncoderOutput,
  type LossOutput,
  MedbenchError,
  Objective,
  type ObjectiveInput,
  type RepresentInput,
} from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { filipByTextTerms } from '../filip.js';
import { normalise } from '../normalise.js';

const settings = defineSettings({
  pairs: choice(['all', 'own'], {
    default: 'all',
    description: "Compare an image with all texts of the batch, or with its own only, as in the study's code.",
  }),
});

/** Tokens of unit length, `[B, P, D]` and `[B, L, D]`, and the mask of ids other than padding, `[B, L]`. */
type Tokens = { readonly image: tf.Tensor3D; readonly text: tf.Tensor3D; readonly mask: tf.Tensor2D };

/** @throws MedbenchError('config') if the tower does not project its tokens. */
function tokensOf({ tokenEmbeddings }: EncoderOutput, id: string): tf.Tensor3D {
  if (tokenEmbeddings) return normalise(tokenEmbeddings);
  throw new MedbenchError(
    'config',
    `${id} does not project its tokens into the joint space, which filip-joint compares`,
    {
      hint: 'Choose a vision transformer with encoders.image and a transformer with encoders.text.',
    },
  );
}

/**
 * Token-wise contrast in the joint space: all tokens of both towers, class token, start and end mark included, through
 * the projections of the towers and at CLIP's scale. Ids of 0 count as padding, in a word
 * too, unless the text tower names another id. Both cross-entropies ask
 * which image belongs to a text.
 */
@Objective({
  id: 'filip-joint',
  title: 'FILIP in the joint space: texts find images by their tokens',
  source: "the study's code (arXiv:2406.07450), after arXiv:2111.07783",
  settings,
})
export class FilipJoint implements Objective<typeof settings, Tokens> {
  represent({ model, parameters, batch }: RepresentInput<typeof settings>): Tokens {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    return {
      image: tokensOf(image, model.image.id),
      text: tokensOf(text, model.text.id),
      mask: tf.cast(tf.notEqual(batch.ids, model.text.padId ?? 0), 'float32') as tf.Tensor2D,
    };
  }

  loss({ representations, parameters, settings: { pairs } }: ObjectiveInput<typeof settings, Tokens>): LossOutput {
    const { image, text, mask } = representations;
    const { loss, ...terms } = filipByTextTerms(image, text, mask, tf.exp(parameters.logit_scale!), pairs);
    return { loss, terms };
  }
}
