import {
  type DualEncoderModel,
  defineSettings,
  integer,
  type LossOutput,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type RepresentInput,
  type SettingsOf,
} from '@medbench/core';
import { constant, INITIAL_LOG_SCALE, textMask } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { filipTerms } from '../filip.js';
import { normalise } from '../normalise.js';
import { parameterNames } from './idle.js';
import { tokenProjections } from './token-projections.js';

const SCALE = 'filip.logit_scale';
const tokens = tokenProjections('filip.');

const settings = defineSettings({
  width: integer({ default: 256, min: 1, description: 'Width to which patches and words are projected.' }),
});

/** Tokens of unit length, `[B, P, e]` and `[B, L, e]`, and the mask of real words, `[B, L]`. */
type Tokens = { readonly image: tf.Tensor3D; readonly text: tf.Tensor3D; readonly mask: tf.Tensor2D };

/** Each patch is compared with its best word, and each word with its best patch. */
@Objective({ id: 'filip', title: 'FILIP: tokens find tokens', source: 'arXiv:2111.07783, equations 2 to 5', settings })
export class FilipObjective implements Objective<typeof settings, Tokens> {
  parameters(model: DualEncoderModel, { width }: SettingsOf<typeof settings>): readonly ParameterSpec[] {
    return [...tokens.parameters(model, width), { name: SCALE, shape: [], init: constant(INITIAL_LOG_SCALE) }];
  }

  /** The global embeddings have no part in this loss. */
  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['image projection', 'text projection', 'logit scale']);
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings>): Tokens {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    return {
      image: normalise(tokens.image(parameters, image)),
      text: normalise(tokens.text(parameters, text)),
      mask: textMask(batch.ids, { start: false, padId: model.text.padId }),
    };
  }

  loss({ representations, parameters }: ObjectiveInput<typeof settings, Tokens>): LossOutput {
    const { image, text, mask } = representations;
    const { loss, ...terms } = filipTerms(image, text, mask, tf.exp(parameters[SCALE]!));
    return { loss, terms };
  }
}
