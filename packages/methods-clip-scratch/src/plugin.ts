import { Method, use } from '@medbench/core';

/**
 * CLIP from random weights, which transfer from the general domain must beat. The study of arXiv:2406.07450 ran this row
 * too (72 hours, not quite 9 epochs) and did not evaluate it.
 */
@Method({
  id: 'clip-scratch',
  title: 'CLIP, from scratch',
  question: 'transfer',
  extension: false,
  source: 'arXiv:2103.00020, section 2.3',
})
export class ClipScratch implements Method {
  readonly start = 'scratch';

  objectives() {
    return [use('clip')];
  }
}
