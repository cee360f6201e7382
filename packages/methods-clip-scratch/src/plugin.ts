import { Method, use } from '@medbench/core';

/** CLIP from random weights, which transfer from the general domain must beat. Not among the study's rows. */
@Method({
  id: 'clip-scratch',
  title: 'CLIP, from scratch',
  question: 'transfer',
  extension: true,
  source: 'arXiv:2103.00020, section 2.3',
})
export class ClipScratch implements Method {
  readonly start = 'scratch';

  objectives() {
    return [use('clip')];
  }
}
