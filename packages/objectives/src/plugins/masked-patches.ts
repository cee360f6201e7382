import {
  type DualEncoderModel,
  defineSettings,
  type LossOutput,
  type MethodInput,
  number,
  Objective,
  type ObjectiveInput,
  type ParameterSpec,
  type RepresentInput,
  type SettingsOf,
} from '@medbench/core';
import { patchCount } from '@medbench/nn';
import { patchesKept, shuffledPatches } from '@medbench/nn/inputs';
import * as tf from '@tensorflow/tfjs-core';
import { hiddenPatchLoss, predictorParameters } from './hidden-patches.js';
import { idleForPooledImages } from './two-views.js';

const ratio = number({ default: 0.5, min: 0, max: 0.99, description: 'Share of the patches that are masked.' });
const pixelSettings = defineSettings({ ratio });
const featureSettings = defineSettings({
  ratio,
  momentum: number({ default: 0.999, min: 0, max: 1, description: 'Momentum of the EMA teacher.' }),
});

type Order = { readonly order: tf.Tensor2D };
/** The prediction error of each example's hidden patches, `[B]`. */
type PatchErrors = { readonly hidden: tf.Tensor1D };

/** A random order of the patches: the first few are visible, the others are hidden. */
const orderInput = (model: DualEncoderModel): Readonly<Record<string, MethodInput>> => ({
  order: shuffledPatches(patchCount(model)),
});

/** Mean over the examples. */
const meanOverExamples = ({ hidden }: PatchErrors): LossOutput => ({ loss: tf.mean(hidden) });

/** From the visible patches, the pixels of the hidden patches must be predicted. */
@Objective({
  id: 'masked-pixels',
  title: 'Hidden patches: their pixels',
  source: 'arXiv:2111.06377, section 3',
  settings: pixelSettings,
})
export class MaskedPixels implements Objective<typeof pixelSettings, PatchErrors> {
  parameters(model: DualEncoderModel): readonly ParameterSpec[] {
    return predictorParameters(model, 'pixels');
  }

  inputs(model: DualEncoderModel): Readonly<Record<string, MethodInput>> {
    return orderInput(model);
  }

  idle(model: DualEncoderModel): readonly string[] {
    return idleForPooledImages(model);
  }

  represent({ model, parameters, batch, settings }: RepresentInput<typeof pixelSettings, Order>): PatchErrors {
    const kept = patchesKept(patchCount(model), settings.ratio);
    return { hidden: hiddenPatchLoss({ model, parameters, teacher: undefined, batch, kept }) };
  }

  loss({ representations }: ObjectiveInput<typeof pixelSettings, PatchErrors>): LossOutput {
    return meanOverExamples(representations);
  }
}

/** From the visible patches, the EMA teacher's features of the hidden patches must be predicted. */
@Objective({
  id: 'masked-features',
  title: "Hidden patches: an EMA teacher's features",
  source: 'arXiv:2208.12262, section 3',
  settings: featureSettings,
})
export class MaskedFeatures implements Objective<typeof featureSettings, PatchErrors> {
  parameters(model: DualEncoderModel): readonly ParameterSpec[] {
    return predictorParameters(model, 'features');
  }

  inputs(model: DualEncoderModel): Readonly<Record<string, MethodInput>> {
    return orderInput(model);
  }

  teacher({ momentum }: SettingsOf<typeof featureSettings>): number {
    return momentum;
  }

  idle(model: DualEncoderModel): readonly string[] {
    return idleForPooledImages(model);
  }

  represent({
    model,
    parameters,
    batch,
    settings,
    teacher,
  }: RepresentInput<typeof featureSettings, Order>): PatchErrors {
    const kept = patchesKept(patchCount(model), settings.ratio);
    return { hidden: hiddenPatchLoss({ model, parameters, teacher, batch, kept }) };
  }

  loss({ representations }: ObjectiveInput<typeof featureSettings, PatchErrors>): LossOutput {
    return meanOverExamples(representations);
  }
}
