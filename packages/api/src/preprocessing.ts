import { CLIP_PREPROCESSING, type ImagePreprocessing } from '@medbench/core';
import { type Catalogue, findEntry } from '@medbench/core/catalogue';
import type { Config, Plan } from '@medbench/runner';

/** Where a preprocessing is from: settings, the configuration of weights, the image encoder, or OpenAI's CLIP. */
export type PreprocessingOrigin = 'settings' | 'weights' | 'encoder' | 'clip';

/** The preprocessing of a run, the same for all its rows. */
export interface ChosenPreprocessing {
  readonly preprocessing: ImagePreprocessing;
  readonly from: PreprocessingOrigin;
}

/** Options of `choosePreprocessing` and `withPreprocessing`. */
export interface PreprocessingOptions {
  /** Whether to ask the hub for what its cache does not hold. A plan does not, a run does. */
  readonly fetch: boolean;
  readonly log?: ((message: string) => void) | undefined;
}

/**
 * The preprocessing of a run: what `model.preprocessing` says, else what the configuration of the image tower's weights
 * (`general.image`) or of the general-domain weights says, else what the image encoder declares, else CLIP's.
 * @throws MedbenchError('weights') for weights whose preprocessing medbench does not have.
 */
export async function choosePreprocessing(
  { model, general, encoders }: Pick<Config, 'model' | 'general' | 'encoders'>,
  catalogue: Catalogue,
  options: PreprocessingOptions,
): Promise<ChosenPreprocessing> {
  if (model.preprocessing) return { preprocessing: model.preprocessing, from: 'settings' };
  // The weights of the image tower alone are laid over those of both.
  for (const weights of [general.image, general.weights]) {
    if (weights === null) continue;
    const { findPreprocessing } = await import('@medbench/weights');
    const preprocessing = await findPreprocessing(weights, options);
    if (preprocessing) return { preprocessing, from: 'weights' };
  }
  const own = findEntry(catalogue, 'encoder', encoders.image).info.preprocessing;
  if (own) return { preprocessing: own, from: 'encoder' };
  return { preprocessing: CLIP_PREPROCESSING, from: 'clip' };
}

/**
 * The plan of a run with its preprocessing in its settings, so that keys, exports and reports show it. CLIP's stays null,
 * as it was before there were others, so that earlier trainings keep their keys.
 */
export async function withPreprocessing(
  plan: Plan,
  catalogue: Catalogue,
  options: PreprocessingOptions,
): Promise<Plan> {
  const { config } = plan;
  const [{ preprocessing }, { samePreprocessing }] = await Promise.all([
    choosePreprocessing(config, catalogue, options),
    import('@medbench/data'),
  ]);
  const own = findEntry(catalogue, 'encoder', config.encoders.image).info.preprocessing;
  const isDefault =
    samePreprocessing(preprocessing, CLIP_PREPROCESSING) && samePreprocessing(own ?? preprocessing, preprocessing);
  const { mean, std, ...view } = preprocessing;
  const stored = isDefault ? null : { ...view, mean: [...mean], std: [...std] };
  return { ...plan, config: { ...config, model: { ...config.model, preprocessing: stored } } } as Plan;
}
