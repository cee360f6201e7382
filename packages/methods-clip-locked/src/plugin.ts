import {
  type DualEncoderModel,
  Method,
  type ObjectiveInput,
  type ObjectiveOutput,
  type Settings,
} from '@medbench/core';
import { freezeAll } from '@medbench/nn';
import { clipObjective } from '@medbench/objectives';

/** One tower keeps its general-domain weights, its projection included; the other learns to meet it. */
@Method({
  id: 'clip-locked',
  title: 'CLIP, one tower locked',
  question: 'transfer',
  extension: false,
  source: 'arXiv:2111.07991, section 3; open_clip lock_image_tower',
  settings: {
    tower: { default: 'image', choices: ['image', 'text'], description: 'Which tower is locked.' },
  },
})
export class ClipLocked implements Method {
  readonly start = 'general';

  frozen(model: DualEncoderModel, { tower }: Settings): readonly string[] {
    return freezeAll(model, tower === 'text' ? 'text' : 'image');
  }

  objective({ representations, parameters }: ObjectiveInput): ObjectiveOutput {
    return clipObjective(representations, parameters);
  }
}
