import {
  choice,
  defineSettings,
  integer,
  Method,
  number,
  type ObjectiveUse,
  type SettingsOf,
  use,
} from '@medbench/core';

const settings = defineSettings({
  target: choice(['view', 'ema', 'pixels'], {
    default: 'view',
    description:
      "What to find or predict from a masked image: its other view, an EMA teacher's features, or the pixels.",
  }),
  ratio: number({ default: 0.5, min: 0, max: 0.99, description: 'Share of the patches that are masked.' }),
  lambda: number({ default: 1, min: 0, description: 'Weight of the image-only loss.' }),
  temperature: number({ default: 0.1, min: 0.001, description: 'Temperature of NT-Xent (view).' }),
  hidden: integer({
    min: 1,
    description: "Hidden width of the projection head (view); auto: 16/3 of the tower's width, 4096 for a ViT-B.",
  }).orAuto(),
  output: integer({ default: 256, min: 1, description: 'Width of the projections that are contrasted (view).' }),
  momentum: number({ default: 0.999, min: 0, max: 1, description: 'Momentum of the EMA teacher (ema).' }),
});
type Settings = SettingsOf<typeof settings>;

/** Selects the image-only loss by its target. */
function maskedObjective({
  target,
  ratio,
  lambda: weight,
  temperature,
  hidden,
  output,
  momentum,
}: Settings): ObjectiveUse {
  switch (target) {
    case 'view':
      return use('masked-views', { weight, ratio, temperature, hidden, output });
    case 'ema':
      return use('masked-features', { weight, ratio, momentum });
    case 'pixels':
      return use('masked-pixels', { weight, ratio });
  }
}

/**
 * CLIP on the whole image, plus an image-only loss on the masked image. The masked row of the study (arXiv:2406.07450)
 * is another method: `unimodal-image` with a `ratio`.
 */
@Method({
  id: 'masked-cl',
  title: 'Masked contrast: CLIP + masked views',
  question: 'unimodal',
  extension: false,
  source: 'arXiv:2002.05709, equation 1, on masked images (view); arXiv:2208.12262 (ema); arXiv:2111.06377 (pixels)',
  settings,
})
export class MaskedCl implements Method<typeof settings> {
  readonly start = 'general';

  objectives(values: Settings) {
    return [use('clip'), maskedObjective(values)];
  }
}
