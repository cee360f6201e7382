import { choice, type DualEncoderModel, defineSettings, Method, type SettingsOf, use } from '@medbench/core';
import { freezeAll } from '@medbench/nn';

const settings = defineSettings({
  tower: choice(['image', 'text'], { default: 'image', description: 'The tower that is locked.' }),
});

/** One tower keeps its general-domain weights, its projection included; the other tower learns to match it. */
@Method({
  id: 'clip-locked',
  title: 'CLIP, one tower locked',
  question: 'transfer',
  extension: false,
  source: 'arXiv:2111.07991, section 3; open_clip lock_image_tower',
  settings,
})
export class ClipLocked implements Method<typeof settings> {
  readonly start = 'general';

  frozen(model: DualEncoderModel, { tower }: SettingsOf<typeof settings>): readonly string[] {
    return freezeAll(model, tower);
  }

  objectives() {
    return [use('clip')];
  }
}
