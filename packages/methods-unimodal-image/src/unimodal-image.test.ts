import { pluginMetadata, use } from '@medbench/core';
import { expect, it } from 'vitest';
import { UnimodalImage } from './index.js';

it('unimodal-image is one loss of two views and the text, with the settings of the method', () => {
  const settings = { partners: 'as-trained', ratio: 0.5, micro: 'auto', accumulation: 4, ranks: 4 } as const;
  expect(new UnimodalImage().objectives(settings)).toEqual([use('unimodal-image', settings)]);
});

it('unimodal-image is a row of the study that starts from general-domain weights', () => {
  expect(new UnimodalImage().start).toBe('general');
  expect(pluginMetadata(UnimodalImage)).toMatchObject({
    kind: 'method',
    info: {
      id: 'unimodal-image',
      question: 'unimodal',
      extension: false,
      settings: { partners: { default: 'meant' } },
    },
  });
});
