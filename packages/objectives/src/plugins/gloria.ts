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
import { textMask } from '@medbench/nn';
import type * as tf from '@tensorflow/tfjs-core';
import { gloriaTerms } from '../local-alignment.js';
import { parameterNames } from './idle.js';
import { tokenProjections } from './token-projections.js';

const tokens = tokenProjections('gloria.');

const settings = defineSettings({
  width: integer({ default: 256, min: 1, description: 'Width to which regions and words are projected.' }),
});

/** Regions `[B, P, e]`, words `[B, L, e]`, and the mask of real words, `[B, L]`. */
type Regions = { readonly regions: tf.Tensor3D; readonly words: tf.Tensor3D; readonly mask: tf.Tensor2D };

/** Each word attends to the regions of the image, and must match their weighted mean. */
@Objective({
  id: 'gloria',
  title: 'GLoRIA: words attend to regions',
  source: 'Huang et al., ICCV 2021, equations 2 to 6',
  settings,
})
export class GloriaObjective implements Objective<typeof settings, Regions> {
  parameters(model: DualEncoderModel, { width }: SettingsOf<typeof settings>): readonly ParameterSpec[] {
    return tokens.parameters(model, width);
  }

  /** The global embeddings have no part in this loss. */
  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['image projection', 'text projection', 'logit scale']);
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings>): Regions {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    return {
      regions: tokens.image(parameters, image),
      words: tokens.text(parameters, text),
      mask: textMask(batch.ids, { start: false, padId: model.text.padId }),
    };
  }

  loss({ representations: { regions, words, mask } }: ObjectiveInput<typeof settings, Regions>): LossOutput {
    const { loss, imageToText, textToImage } = gloriaTerms(regions, words, mask);
    return { loss, terms: { imageToText, textToImage } };
  }
}
