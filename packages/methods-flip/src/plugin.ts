import {
  type DualEncoderModel,
  defineSettings,
  type Embeddings,
  Method,
  type MethodInput,
  number,
  type ObjectiveInput,
  type ObjectiveOutput,
  type RepresentInput,
  type SettingsOf,
  type TrainingPhase,
} from '@medbench/core';
import { patchCount } from '@medbench/nn';
import { keptPatches, patchesKept } from '@medbench/nn/inputs';
import { clipObjective } from '@medbench/objectives';
import type * as tf from '@tensorflow/tfjs-core';

const settings = defineSettings({
  ratio: number({ default: 0.75, min: 0, max: 0.99, description: 'Share of the patches that are dropped.' }),
  tuning: number({
    default: 0.03,
    min: 0,
    max: 1,
    description: 'Share of the steps, at the end, that use all patches; 0 as in the study.',
  }),
});
type Settings = SettingsOf<typeof settings>;
/** The drawn inputs: none at ratio 0. */
type Drawn = { readonly kept?: tf.Tensor2D };

/** CLIP on a random part of each image's patches, and at the end for a short time on all patches. */
@Method({
  id: 'flip',
  title: 'FLIP: patches dropped',
  question: 'granularity',
  extension: false,
  source: 'arXiv:2212.00794, section 3',
  settings,
})
export class Flip implements Method<typeof settings> {
  readonly start = 'general';

  phases(values: Settings): readonly TrainingPhase<typeof settings>[] {
    const tuning = values.ratio === 0 ? 1 : values.tuning;
    return [
      { share: 1 - tuning, settings: values },
      { share: tuning, settings: { ...values, ratio: 0 } },
    ];
  }

  inputs(model: DualEncoderModel, { ratio }: Settings): Readonly<Record<string, MethodInput>> {
    if (ratio === 0) return {};
    const count = patchCount(model);
    return { kept: keptPatches(count, patchesKept(count, ratio)) };
  }

  represent({ model, parameters, batch }: RepresentInput<typeof settings, Drawn>): Embeddings {
    const { kept } = batch.inputs;
    return {
      image: model.encodeImage(parameters, batch.images, kept ? { keptPatches: kept } : {}).embedding,
      text: model.encodeText(parameters, batch.ids).embedding,
    };
  }

  objective({ representations, parameters }: ObjectiveInput<typeof settings>): ObjectiveOutput {
    return clipObjective(representations, parameters);
  }
}
