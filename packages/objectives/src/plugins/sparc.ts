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
import { sparcFineLoss } from '../local-alignment.js';
import { normalise } from '../normalise.js';
import { parameterNames } from './idle.js';
import { tokenProjections } from './token-projections.js';

const SCALE = 'sparc.logit_scale';
const tokens = tokenProjections('sparc.');

const settings = defineSettings({
  width: integer({ default: 256, min: 1, description: 'Width to which patches and words are projected.' }),
});

/** Tokens of unit length, `[B, P, e]` and `[B, L, e]`, and the mask of real words, `[B, L]`. */
type Tokens = { readonly image: tf.Tensor3D; readonly text: tf.Tensor3D; readonly mask: tf.Tensor2D };

/** Each word is grouped with the patches most similar to it, and each group must find its word within the caption. */
@Objective({
  id: 'sparc',
  title: 'SPARC: words find their groups of patches',
  source: 'arXiv:2401.09865, section 3.2',
  settings,
})
export class Sparc implements Objective<typeof settings, Tokens> {
  parameters(model: DualEncoderModel, { width }: SettingsOf<typeof settings>): readonly ParameterSpec[] {
    return [...tokens.parameters(model, width), { name: SCALE, shape: [], init: constant(INITIAL_LOG_SCALE) }];
  }

  /** The global embeddings have no part in this loss. */
  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['image projection', 'text projection', 'logit scale']);
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings>): Tokens {
    return {
      image: normalise(tokens.image(parameters, model.encodeImage(parameters, batch.images))),
      text: normalise(tokens.text(parameters, model.encodeText(parameters, batch.ids))),
      mask: textMask(batch.ids, { start: false, padId: model.text.padId }),
    };
  }

  loss({ representations, parameters }: ObjectiveInput<typeof settings, Tokens>): LossOutput {
    const { image, text, mask } = representations;
    return { loss: sparcFineLoss(image, text, mask, tf.exp(parameters[SCALE]!)) };
  }
}
