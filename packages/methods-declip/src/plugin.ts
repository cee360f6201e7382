import {
  type DualEncoderModel,
  MedbenchError,
  Method,
  type MethodInput,
  type ObjectiveInput,
  type ObjectiveOutput,
  type ParameterSpec,
  type RepresentInput,
  type Settings,
  type TensorMap,
} from '@medbench/core';
import { augmentedView } from '@medbench/data/inputs';
import {
  headParameters,
  headWidth,
  normal,
  predictionHead,
  predictionParameters,
  projectionHead,
  textMask,
} from '@medbench/nn';
import { clipObjective, infoNce, nearestInQueue, normalise, simsiam, tokenCrossEntropy } from '@medbench/objectives';
import * as tf from '@tensorflow/tfjs-core';

const HEAD = 'declip.image_mlp.';
const PREDICTOR = 'declip.predictor.';
const QUEUE = 'declip.queue';

/** CLIP, and three more uses of each pair: two views of the picture, the text's next words, and a text like its own. */
@Method({
  id: 'declip',
  title: 'DeCLIP: CLIP + self-supervision + nearest neighbour',
  question: 'unimodal',
  source: 'arXiv:2110.05208, section 3, with next-token prediction for masked words; convex weights',
  settings: {
    image: { default: 0.2, min: 0, max: 1, description: 'Weight of SimSiam between two views of the picture.' },
    text: { default: 0.2, min: 0, max: 1, description: "Weight of predicting the text's next token." },
    neighbour: { default: 0.2, min: 0, max: 1, description: 'Weight of the contrast with the nearest earlier text.' },
    queue: {
      default: 1024,
      min: 2,
      description: 'Texts that are remembered; the paper has 65,536 for its batch of 4,096.',
    },
    hidden: { default: 0, min: 0, description: "Width of the projection head; 0: 16/3 of the tower's." },
    output: { default: 256, min: 4, description: 'Width of what the views are compared in.' },
    crop: { default: 0.2, min: 0.01, max: 1, description: 'Smallest share of the picture that a view shows.' },
  },
})
export class Declip implements Method {
  readonly start = 'general';

  parameters({ image, embedDim }: DualEncoderModel, settings: Settings): readonly ParameterSpec[] {
    const output = Number(settings.output);
    const hidden = Number(settings.hidden) || headWidth(image.width);
    return [
      ...headParameters(HEAD, { input: image.width, hidden, output }),
      ...predictionParameters(PREDICTOR, { input: output, hidden: Math.ceil(output / 4), output }),
      { name: QUEUE, shape: [Number(settings.queue), embedDim], init: normal(1), buffer: true },
    ];
  }

  inputs({ image }: DualEncoderModel, { crop }: Settings): Readonly<Record<string, MethodInput>> {
    const view = augmentedView(image.imageSize, { scale: [Number(crop), 1], flip: false });
    return { first: view, second: view };
  }

  represent({ model, parameters, batch }: RepresentInput): TensorMap {
    const pooled = (view: 'first' | 'second'): tf.Tensor =>
      model.encodeImage(parameters, batch.inputs[view] as tf.Tensor4D).pooled;
    const text = model.encodeText(parameters, batch.ids);
    const [count, length] = batch.ids.shape;
    // The words' own embeddings tell them apart: the tower is asked for the next one with nothing learned besides.
    const said = tf.slice(text.tokens, [0, 0, 0], [count, length - 1, model.text.width]);
    const words = parameters['token_embedding.weight'] as tf.Tensor2D | undefined;
    if (!words)
      throw new MedbenchError('config', `${model.text.id} has no token_embedding.weight to predict words with`);
    const flat = tf.reshape(said, [count * (length - 1), model.text.width]);
    const logits = tf.reshape(tf.matMul(flat, words, false, true), [count, length - 1, words.shape[0]]) as tf.Tensor3D;
    const labels = tf.slice(batch.ids, [0, 1], [count, length - 1]) as tf.Tensor2D;
    const mask = tf.slice(textMask(batch.ids, { start: false }), [0, 1], [count, length - 1]);
    return {
      image: model.encodeImage(parameters, batch.images).embedding,
      text: text.embedding,
      first: pooled('first'),
      second: pooled('second'),
      // By example, so that the mean over the tokens of the whole batch can be taken at the end.
      wordLoss: tf.sum(tf.mul(tokenCrossEntropy(logits, labels), mask), 1),
      wordCount: tf.sum(mask, 1),
    };
  }

  objective({ representations, parameters, settings }: ObjectiveInput): ObjectiveOutput {
    const clip = clipObjective(representations, parameters);
    const weights = [settings.image, settings.text, settings.neighbour].map(Number) as [number, number, number];
    const rest = 1 - weights.reduce((sum, weight) => sum + weight, 0);
    // At nothing the row is the baseline, to the last bit.
    if (rest === 1) return clip;
    if (rest < 0)
      throw new MedbenchError('config', `The weights of declip are ${weights.join(', ')}: more than 1 together`);
    const view = (name: 'first' | 'second') => {
      const projected = projectionHead(parameters, HEAD, representations[name] as tf.Tensor2D);
      return { projected, predicted: predictionHead(parameters, PREDICTOR, projected) };
    };
    const views = simsiam(view('first'), view('second'));
    const words = tf.div(
      tf.sum(representations.wordLoss!),
      tf.maximum(tf.sum(representations.wordCount!), 1),
    ) as tf.Scalar;
    const { nearest, queue } = nearestInQueue(representations.text as tf.Tensor2D, parameters[QUEUE] as tf.Tensor2D);
    const image = normalise(representations.image as tf.Tensor2D);
    const neighbour = infoNce(image, nearest, tf.exp(parameters.logit_scale!));
    const parts = [views, words, neighbour].map((part, i) => tf.mul(part, weights[i]!));
    const loss = tf.addN([tf.mul(clip.loss, rest), ...parts]) as tf.Scalar;
    return {
      loss,
      terms: { ...clip.terms, contrast: clip.loss, views, words, neighbour },
      updates: { [QUEUE]: queue },
    };
  }
}
