import {
  choice,
  type DualEncoderModel,
  defineSettings,
  integer,
  type LossOutput,
  MedbenchError,
  type MethodInput,
  number,
  Objective,
  type ObjectiveInput,
  type RepresentInput,
  type SettingsOf,
} from '@medbench/core';
import { trainingView } from '@medbench/data/inputs';
import { patchCount } from '@medbench/nn';
import { keptPatches, patchesKept } from '@medbench/nn/inputs';
import * as tf from '@tensorflow/tfjs-core';
import { normalise } from '../normalise.js';
import { type BatchDivision, unimodalImageTerms, viewsAsTrained } from '../unimodal-image.js';

const settings = defineSettings({
  partners: choice(['meant', 'as-trained'], {
    default: 'meant',
    description:
      "Which rows of a batch belong together: each image's text and second view, or those that the study's code pairs.",
  }),
  ratio: number({
    default: 0,
    min: 0,
    max: 0.99,
    description: 'Share of the patches that are dropped from the second view; the first is whole.',
  }),
  micro: integer({
    min: 1,
    description: 'Pairs of a micro-batch (as-trained); auto: training.batchSize / (ranks · accumulation), 32 of 512.',
  }).orAuto(),
  accumulation: integer({ default: 4, min: 1, description: 'Micro-batches of a process (as-trained).' }),
  ranks: integer({ default: 4, min: 1, description: 'Processes that share a batch (as-trained).' }),
});
type Settings = SettingsOf<typeof settings>;

/** The drawn inputs: the second view, and which of its patches are kept (none at ratio 0). */
type Drawn = { readonly second: tf.Tensor4D; readonly kept?: tf.Tensor2D };
/** Embeddings, not normalised, all `[B, D]`. */
type Views = { readonly first: tf.Tensor2D; readonly second: tf.Tensor2D; readonly text: tf.Tensor2D };

/** @throws MedbenchError('config') if the batch does not divide into these micro-batches. */
function divideBatch(size: number, { ranks, accumulation, micro }: Settings): BatchDivision {
  const pairs = micro === 'auto' ? size / (ranks * accumulation) : micro;
  if (ranks * accumulation * pairs === size && Number.isInteger(pairs)) return { ranks, accumulation, micro: pairs };
  const parts = `${ranks} ranks · ${accumulation} micro-batches${micro === 'auto' ? '' : ` · ${micro} pairs`}`;
  throw new MedbenchError('config', `A batch of ${size} is not made of ${parts}, which partners=as-trained needs`, {
    hint:
      micro === 'auto'
        ? 'Set training.batchSize to a multiple of ranks · accumulation, or lower these settings.'
        : `Set training.batchSize=${ranks * accumulation * micro}, or leave micro at auto.`,
  });
}

/**
 * CLIP on one view, and the same loss between this view and a second one, in the joint space at CLIP's own scale. Both
 * views are draws of the training transform. With `partners: 'as-trained'` the batch is divided as on the study's
 * processes (see `viewsAsTrained`); micro-batches then shrink with the batch, so that small runs keep the same share of
 * wrong partners.
 */
@Objective({
  id: 'unimodal-image',
  title: 'CLIP + a second view, in the joint space',
  source: "the study's code (arXiv:2406.07450): mean of four cross-entropies",
  settings,
})
export class UnimodalImageObjective implements Objective<typeof settings, Views> {
  inputs(model: DualEncoderModel, { ratio }: Settings): Readonly<Record<string, MethodInput>> {
    const second = trainingView(model.image.imageSize);
    if (ratio === 0) return { second };
    const count = patchCount(model);
    return { second, kept: keptPatches(count, patchesKept(count, ratio)) };
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings, Drawn>): Views {
    const { second, kept } = batch.inputs;
    return {
      first: model.encodeImage(parameters, batch.images).embedding,
      second: model.encodeImage(parameters, second, kept ? { keptPatches: kept } : {}).embedding,
      text: model.encodeText(parameters, batch.ids).embedding,
    };
  }

  /** @throws MedbenchError('config') if `partners` is `as-trained` and the batch does not divide as its settings say. */
  loss({ representations, parameters, settings: values }: ObjectiveInput<typeof settings, Views>): LossOutput {
    const first = normalise(representations.first);
    const second = normalise(representations.second);
    const text = normalise(representations.text);
    const views =
      values.partners === 'meant'
        ? ([first, second] as const)
        : viewsAsTrained(first, second, divideBatch(first.shape[0], values));
    const { loss, ...terms } = unimodalImageTerms(...views, text, tf.exp(parameters.logit_scale!));
    return { loss, terms };
  }
}
