import type { OpenedCorpus } from '@medbench/core';
import { phantomCase } from '@medbench/phantoms';

/** A corpus of so many generated images, 64 pixels a side, drawn when they are asked for. */
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
