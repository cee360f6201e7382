import {
  type DualEncoderModel,
  MedbenchError,
  Method,
  type ObjectiveInput,
  type ObjectiveOutput,
  type ParameterSpec,
  type RepresentInput,
  type Settings,
  type TensorMap,
} from '@medbench/core';
import {
  attentionalPooler,
  blockCount,
  decoderParameters,
  multimodalDecoder,
  poolerParameters,
  textMask,
} from '@medbench/nn';
import { clipObjective, tokenCrossEntropy } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

const POOLER = 'coca.attn_pool.';
const DECODER = 'coca.text_decoder.';
/** Width of a head, as in the towers. */
const HEAD = 64;

/** Depth of the decoder: that of the text tower, unless it is given. */
const depth = (model: DualEncoderModel, { layers }: Settings): number => Number(layers) || blockCount(model, 'text');

/** CLIP, and a decoder that must say the caption from the picture's patches. */
@Method({
  id: 'coca',
  title: 'CoCa: CLIP + captioning',
  question: 'granularity',
  extension: false,
  source: 'arXiv:2205.01917, equation 5; contrastive path as in CLIP',
  settings: {
    caption: { default: 2, min: 0, description: 'Weight of the captioning loss.' },
    layers: { default: 0, min: 0, description: 'Layers of the decoder; 0: as many as the text tower has.' },
    queries: { default: 256, min: 1, description: 'Queries that pool the patches for the decoder.' },
  },
})
export class Coca implements Method {
  readonly start = 'general';

  parameters(model: DualEncoderModel, settings: Settings): readonly ParameterSpec[] {
    const { image, text } = model;
    const pooler = { queries: Number(settings.queries), width: text.width, contextWidth: image.width };
    const decoder = { width: text.width, layers: depth(model, settings), vocabSize: text.vocabSize };
    return [...poolerParameters(POOLER, pooler), ...decoderParameters(DECODER, decoder)];
  }

  represent({ model, parameters, batch, settings }: RepresentInput): TensorMap {
    const image = model.encodeImage(parameters, batch.images);
    const text = model.encodeText(parameters, batch.ids);
    if (!text.hidden) {
      throw new MedbenchError('config', `${model.text.id} does not give the outputs that a decoder goes on from`, {
        hint: 'Its forward pass must return hidden, the tokens before its last norm.',
      });
    }
    const headCount = Math.max(1, model.text.width / HEAD);
    const seen = attentionalPooler(parameters, POOLER, image.tokens, headCount);
    // Each token is asked for the next: the last output has none, the first label is the first word.
    const [count, length] = batch.ids.shape;
    const said = tf.slice(text.hidden, [0, 0, 0], [count, length - 1, model.text.width]);
    const options = { layers: depth(model, settings), headCount };
    const logits = multimodalDecoder(parameters, DECODER, said as tf.Tensor3D, seen, options);
    const labels = tf.slice(batch.ids, [0, 1], [count, length - 1]) as tf.Tensor2D;
    const mask = tf.slice(textMask(batch.ids, { start: false }), [0, 1], [count, length - 1]);
    return {
      image: image.embedding,
      text: text.embedding,
      // By example, so that the mean over the tokens of the whole batch can be taken at the end.
      captionLoss: tf.sum(tf.mul(tokenCrossEntropy(logits, labels), mask), 1),
      captionTokens: tf.sum(mask, 1),
    };
  }

  objective({ representations, parameters, settings }: ObjectiveInput): ObjectiveOutput {
    const clip = clipObjective(representations, parameters);
    if (settings.caption === 0) return clip;
    const tokens = tf.maximum(tf.sum(representations.captionTokens!), 1);
    const caption = tf.div(tf.sum(representations.captionLoss!), tokens) as tf.Scalar;
    const loss = tf.add(clip.loss, tf.mul(caption, Number(settings.caption))) as tf.Scalar;
    return { loss, terms: { ...clip.terms, contrast: clip.loss, caption } };
  }
}
