import {
  type DualEncoderModel,
  defineSettings,
  integer,
  type LossOutput,
  MedbenchError,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type RepresentInput,
  type SettingsOf,
} from '@medbench/core';
import { blockCount, decoderParameters, multimodalDecoder } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';
import { requireCausalText } from './causal-text.js';
import { parameterNames } from './idle.js';
import { labelLosses, meanOverTokens, type TokenLosses } from './next-tokens.js';

const DECODER = 'coca.text_decoder.';
/** Width of an attention head, as in the towers. */
const HEAD = 64;

const settings = defineSettings({
  layers: integer({ min: 1, description: 'Number of decoder layers; auto: as many as the text tower has.' }).orAuto(),
  shift: integer({
    default: 1,
    min: 0,
    max: 1,
    description: 'Positions from a token that the decoder reads to its label: 1 predicts the next token, 0 copies.',
  }),
});
type Settings = SettingsOf<typeof settings>;

const depth = (model: DualEncoderModel, { layers }: Settings): number =>
  layers === 'auto' ? blockCount(model, 'text') : layers;

/**
 * A decoder must predict the caption from the tokens of the image tower as they are: the tower has pooled them, or has
 * the width of the text tower. Labels other than 0 count, the start mark among them where it is a label (shift 0).
 */
@Objective({
  id: 'captioning-pooled',
  title: "CoCa: captioning from the image tower's own tokens",
  source: "arXiv:2205.01917, equation 4; labels as in the study's code (arXiv:2406.07450)",
  settings,
})
export class CaptioningPooled implements Objective<typeof settings, TokenLosses> {
  /** @throws MedbenchError('config') if the tokens of the two towers differ in width, or the text tower is not causal. */
  parameters(model: DualEncoderModel, values: Settings): readonly ParameterSpec[] {
    requireCausalText(model, 'captioning-pooled');
    const { image, text } = model;
    if (image.width !== text.width) {
      throw new MedbenchError(
        'config',
        `captioning-pooled reads image tokens of the width of the text, ${text.width}; those of ${image.id} are ${image.width} wide`,
        { hint: 'Use captioning, which pools them, or the method coca:variant=study, whose image tower does.' },
      );
    }
    return decoderParameters(DECODER, {
      width: text.width,
      layers: depth(model, values),
      vocabSize: text.vocabSize,
    });
  }

  idle(model: DualEncoderModel): readonly string[] {
    return parameterNames(model, ['image projection', 'text projection', 'last text norm', 'logit scale']);
  }

  /** @throws MedbenchError('config') if the text tower does not give the tokens that a decoder continues from. */
  represent({ model, parameters, batch, settings: values }: RepresentInput<typeof settings>): TokenLosses {
    const image = model.encodeImage(parameters, batch.images);
    const { hidden } = model.encodeText(parameters, batch.ids);
    if (!hidden) {
      throw new MedbenchError('config', `${model.text.id} does not give the tokens that a decoder needs`, {
        hint: 'Its forward pass must return hidden, the tokens before its last norm.',
      });
    }
    const { shift } = values;
    const [count, length, width] = hidden.shape;
    const labelled = Math.min(length, batch.ids.shape[1] - shift);
    const read = labelled === length ? hidden : tf.slice(hidden, [0, 0, 0], [count, labelled, width]);
    const logits = multimodalDecoder(parameters, DECODER, read, image.tokens, {
      layers: depth(model, values),
      headCount: Math.max(1, width / HEAD),
      activation: 'gelu',
    });
    const labels = tf.slice(batch.ids, [0, shift], [count, labelled]);
    return labelLosses(logits, labels, tf.cast(tf.notEqual(labels, 0), 'float32') as tf.Tensor2D);
  }

  loss({ representations }: ObjectiveInput<typeof settings, TokenLosses>): LossOutput {
    return { loss: meanOverTokens(representations) };
  }
}
