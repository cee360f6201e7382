import { type HostTensor, type HostTensors, MedbenchError, type ParameterSpec } from '@medbench/core';

/**
 * Resizes the first axis of a table linearly, without smoothing: row i of n is read at (i + 1/2) L / n - 1/2, as
 * PyTorch's `interpolate(mode='linear', align_corners=False)`.
 * @param table `[L, W]`. @returns `[rows, W]`.
 */
export function resizeRows({ shape, data }: HostTensor, rows: number): HostTensor {
  const [length, width] = shape as [number, number];
  const resized = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const at = Math.max(0, ((row + 0.5) * length) / rows - 0.5);
    const below = Math.min(length - 1, Math.floor(at));
    const above = Math.min(length - 1, below + 1);
    const share = at - below;
    for (let col = 0; col < width; col++) {
      resized[row * width + col] = data[below * width + col]! * (1 - share) + data[above * width + col]! * share;
    }
  }
  return { shape: [rows, width], dtype: 'float32', data: resized };
}

/**
 * Fits weights to towers with another number of token positions: a table whose number of rows differs is resized.
 * @throws MedbenchError('weights') for a parameter that is missing or differs in another way.
 */
export function fitPositions(weights: HostTensors, specs: readonly ParameterSpec[]): HostTensors {
  return Object.fromEntries(
    specs.map(({ name, shape }) => {
      const value = weights[name];
      if (value?.shape.join() === shape.join()) return [name, value];
      if (value?.shape.length === 2 && shape.length === 2 && value.shape[1] === shape[1]) {
        return [name, resizeRows(value, shape[0]!)];
      }
      throw new MedbenchError('weights', `The towers have no ${name} that fits [${shape.join(', ')}]`);
    }),
  );
}
