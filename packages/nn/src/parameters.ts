import { elementCount, type HostTensors, type Initializer, type ParameterSpec, random } from '@medbench/core';

export const normal = (std: number): Initializer => ({ kind: 'normal', std });
export const uniform = (bound: number): Initializer => ({ kind: 'uniform', bound });
export const constant = (value: number): Initializer => ({ kind: 'constant', value });
export const zeros: Initializer = constant(0);
export const ones: Initializer = constant(1);

/**
 * Draws each parameter from its own random stream (seed and `stream`), so that a new parameter changes no other one.
 */
export function initialise(specs: readonly ParameterSpec[], seed: number): HostTensors {
  const tensors: HostTensors = {};
  for (const { name, shape, init, stream: streamName = name } of specs) {
    const data = new Float32Array(elementCount(shape));
    const stream = random(seed, 'init', streamName);
    if (init.kind === 'constant') data.fill(init.value);
    else if (init.kind === 'normal') for (let i = 0; i < data.length; i++) data[i] = stream.normal() * init.std;
    else for (let i = 0; i < data.length; i++) data[i] = (2 * stream.uniform() - 1) * init.bound;
    tensors[name] = { shape, dtype: 'float32', data };
  }
  return tensors;
}

/** Number of scalars in the parameters that pass the filter, or in all. Running statistics do not count. */
export function countParameters(
  specs: readonly ParameterSpec[],
  filter: (spec: ParameterSpec) => boolean = () => true,
): number {
  return specs.filter((spec) => !spec.buffer && filter(spec)).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
