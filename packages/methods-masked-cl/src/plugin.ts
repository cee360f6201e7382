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
    description: "What a masked view must find: its twin, a moving average's features, the hidden pixels.",
  }),
  ratio: number({ default: 0.5, min: 0, max: 0.99, description: 'Share of the patches that is masked.' }),
  lambda: number({ default: 1, min: 0, description: 'Weight of the unimodal loss.' }),
  temperature: number({ default: 0.1, min: 0.001, description: 'Temperature of NT-Xent (view).' }),
  hidden: integer({
    min: 1,
    description: "Width of the projection head (view); auto: 16/3 of the tower's, 4096 for a ViT-B.",
  }).orAuto(),
  output: integer({ default: 256, min: 1, description: 'Width of what is contrasted (view).' }),
  momentum: number({ default: 0.999, min: 0, max: 1, description: 'Of the moving average (ema).' }),
});
type Settings = SettingsOf<typeof settings>;

/** The loss on what masking leaves of the image, by what it must find. */
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

/** CLIP on the whole image, and an image-only loss on what masking leaves of it. */
@Method({
  id: 'masked-cl',
  title: 'Masked contrast: CLIP + masked views',
  question: 'unimodal',
  extension: false,
  source: "the study's code (image contrast on two masked views); arXiv:2208.12262 (ema); arXiv:2111.06377 (pixels)",
  settings,
})
export class MaskedCl implements Method<typeof settings> {
  readonly start = 'general';

  objectives(values: Settings) {
    return [use('clip'), maskedObjective(values)];
  }
}
