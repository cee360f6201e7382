import { defineSettings, integer, Method, number, type SettingsOf, use } from '@medbench/core';

const settings = defineSettings({
  lambda: number({ default: 1, min: 0, description: 'Weight of the local loss.' }),
  width: integer({ default: 256, min: 1, description: 'Width to which regions and words are projected.' }),
});

/** CLIP, plus a local loss: each word attends to the regions of the image, and must match their weighted mean. */
@Method({
  id: 'gloria',
  title: 'GLoRIA: words attend to regions',
  question: 'granularity',
  source: 'Huang et al., ICCV 2021, equations 2 to 8',
  settings,
})
export class Gloria implements Method<typeof settings> {
  readonly start = 'general';

  objectives({ lambda, width }: SettingsOf<typeof settings>) {
    return [use('clip'), use('gloria', { weight: lambda, width })];
  }
}
