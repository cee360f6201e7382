import {
  type DualEncoderModel,
  Method,
  type MethodInput,
  type ObjectiveInput,
  type ObjectiveOutput,
  type Phase,
  type RepresentInput,
  type Settings,
  type TensorMap,
} from '@medbench/core';
import { patchCount } from '@medbench/nn';
import { keptPatches, patchesKept } from '@medbench/nn/inputs';
import { clipObjective } from '@medbench/objectives';
import type * as tf from '@tensorflow/tfjs-core';

/** CLIP on a random part of each picture's patches, and a short end on all of them. */
@Method({
  id: 'flip',
  title: 'FLIP: patches dropped',
  question: 'granularity',
  extension: false,
  source: 'arXiv:2212.00794, section 3',
  settings: {
    ratio: { default: 0.75, min: 0, max: 0.99, description: 'Share of the patches that is dropped.' },
    tuning: { default: 0.03, min: 0, max: 1, description: 'Share of the steps, at the end, with all patches.' },
  },
})
export class Flip implements Method {
  readonly start = 'general';

  phases(settings: Settings): readonly Phase[] {
    const tuning = settings.ratio === 0 ? 1 : Number(settings.tuning);
    return [
      { share: 1 - tuning, settings },
      { share: tuning, settings: { ...settings, ratio: 0 } },
    ];
  }

  inputs(model: DualEncoderModel, { ratio }: Settings): Readonly<Record<string, MethodInput>> {
    if (ratio === 0) return {};
    const count = patchCount(model);
    return { kept: keptPatches(count, patchesKept(count, Number(ratio))) };
  }

  represent({ model, parameters, batch }: RepresentInput): TensorMap {
    const kept = batch.inputs.kept as tf.Tensor2D | undefined;
    return {
      image: model.encodeImage(parameters, batch.images, kept ? { keptPatches: kept } : {}).embedding,
      text: model.encodeText(parameters, batch.ids).embedding,
    };
  }

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    return clipObjective(representations, parameters);
  }
}
