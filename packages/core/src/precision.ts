import type { Backend, Precision } from './contracts/index.js';
import { MedbenchError } from './errors.js';

/**
 * Returns the precision of a training's products.
 * @throws MedbenchError('config') if the backend cannot choose it: its figures would not be what the settings say.
 */
export function checkedPrecision(
  { id, precisions = ['float32'] }: Pick<Backend, 'id' | 'precisions'>,
  precision: Precision = 'float32',
): Precision {
  if (precisions.includes(precision)) return precision;
  throw new MedbenchError('config', `training.precision is ${precision}, which the backend ${id} does not have`, {
    hint: 'Set it to float32, or take a backend of XLA: --backend xla-cuda.',
  });
}
