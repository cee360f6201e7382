import { expect, it } from 'vitest';
import { KERNELS as ONNX_KERNELS } from '../../backends-compiled/src/kernels/index.js';
import { KERNELS } from '../src/kernels/index.js';

it('has a rule for every kernel that the compiled backend translates', () => {
  expect(Object.keys(ONNX_KERNELS).filter((name) => !(name in KERNELS))).toEqual([]);
});
