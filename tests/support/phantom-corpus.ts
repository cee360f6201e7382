import type { OpenedCorpus } from '@medbench/core';
import { phantomCase } from '@medbench/phantoms';

/** A corpus of `length` generated images of 64 x 64 pixels, rendered when they are read. */
export const phantomCorpus = (length: number): OpenedCorpus => ({
  fingerprint: 'phantoms',
  synthetic: true,
  pairs: {
    length,
    async get(index) {
      const { caption, render } = phantomCase(0, 'train', index);
      return { caption, image: render(64) };
    },
  },
});
