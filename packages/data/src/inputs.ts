import { drawnInput, MedbenchError, type MethodInput } from '@medbench/core';
import { type SimclrOptions, simclrTransform } from './augment/simclr.js';
import { normaliser } from './normalise.js';

/** An augmented view of the image, `[size, size, 3]`, normalised (SimCLR's augmentations as SLIP uses them). */
export function augmentedView(size: number, options: SimclrOptions = {}): MethodInput {
  const transform = simclrTransform(size, options);
  const write = normaliser();
  return drawnInput(import.meta.url, 'augmentedView', [size, options], {
    shape: [size, size, 3],
    dtype: 'float32',
    draw({ image }, stream, tools) {
      const view = new Float32Array(size * size * 3);
      (tools?.normalise ?? write)(transform(image, stream), view, 0);
      return view;
    },
  });
}

/**
 * A further view of the image by the training transform of the run, `[size, size, 3]`, normalised: a draw independent of
 * the batch's own.
 * @throws MedbenchError('plugin') when it is drawn without a training.
 */
export function trainingView(size: number): MethodInput {
  const write = normaliser();
  return drawnInput(import.meta.url, 'trainingView', [size], {
    shape: [size, size, 3],
    dtype: 'float32',
    draw({ image }, stream, tools) {
      if (!tools) {
        throw new MedbenchError('plugin', 'A training view is drawn without the training transform', {
          hint: 'Pass draw() a third argument, { transform }.',
        });
      }
      const view = new Float32Array(size * size * 3);
      (tools.normalise ?? write)(tools.transform(image, stream), view, 0);
      return view;
    },
  });
}
