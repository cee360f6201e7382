import { Method, use } from '@medbench/core';

/** Both towers start from general-domain weights and train in full on the symmetric InfoNCE loss. */
@Method({
  id: 'clip',
  title: 'CLIP, full fine-tuning',
  question: 'baseline',
  extension: false,
  source: 'arXiv:2103.00020, section 2.3',
})
export class Clip implements Method {
  readonly start = 'general';

  objectives() {
    return [use('clip')];
  }
}
