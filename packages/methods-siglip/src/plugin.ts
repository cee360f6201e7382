import { Method, use } from '@medbench/core';

/** Every image with every text is one yes-or-no question: is this its caption? */
@Method({
  id: 'siglip',
  title: 'SigLIP: pairwise sigmoid loss',
  question: 'baseline',
  source: 'arXiv:2303.15343, equation 1',
})
export class Siglip implements Method {
  readonly start = 'general';

  objectives() {
    return [use('siglip')];
  }
}
