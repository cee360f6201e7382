import { drawnInput, type MethodInput } from '@medbench/core';
import { type SimclrOptions, simclrTransform } from './augment/simclr.js';
import { normaliser } from './transform.js';

/** An augmented view of the image, `[size, size, 3]`, normalised (SimCLR's augmentations as SLIP uses them). */
export function augmentedView(size: number, options: SimclrOptions = {}): MethodInput {
  const transform = simclrTransform(size, options);
  const write = normaliser();
  return drawnInput(import.meta.url, 'augmentedView', [size, options], {
    shape: [size, size, 3],
    dtype: 'float32',
    draw({ image }, stream) {
      const view = new Float32Array(size * size * 3);
      write(transform(image, stream), view, 0);
      return view;
    },
  });
}
