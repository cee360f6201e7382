import { boolean, defineSettings, integer, Method, number, type SettingsOf, use } from '@medbench/core';

const settings = defineSettings({
  global: boolean({ default: true, description: "Whether to add CLIP's loss on the global embeddings." }),
  lambda: number({ default: 1, min: 0, description: 'Weight of the token-wise loss beside the global loss.' }),
  width: integer({ default: 256, min: 1, description: 'Width to which patches and words are projected.' }),
});

/** Each patch is compared with its best word, and each word with its best patch; with or without the global loss. */
@Method({
  id: 'filip',
  title: 'FILIP: tokens find tokens',
  question: 'granularity',
  extension: false,
  source: 'arXiv:2111.07783, equations 2 to 5',
  settings,
})
export class Filip implements Method<typeof settings> {
  readonly start = 'general';

  objectives({ global, lambda, width }: SettingsOf<typeof settings>) {
    return global ? [use('clip'), use('filip', { weight: lambda, width })] : [use('filip', { width })];
  }
}
