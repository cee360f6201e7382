import { Wasm } from '@medbench/backends-wasm';
import type { HostTensors } from '@medbench/core';
import { expect, it } from 'vitest';
import { backends } from '../../tests/support/backends.js';
import { createRow, mostDifferentParameter, ROWS, trainOn } from '../../tests/support/methods.js';

/**
 * The schedule of a default run: 50 warm-up steps of 600. Some decisions depend on rounding alone, such as which of two
 * tokens is nearer or whether a ReLU is active. AdamW follows such a decision at the full learning rate. With a shorter
 * warm-up, two eager runs that start one unit in the last place apart end 1e-3 apart in slip and filip.
 */
const TRAINING = { steps: 600, warmup: 50 };

/**
 * Steps before the comparison starts. From random weights these losses oscillate, and differences double at every step.
 */
const STEPS: Readonly<Record<string, number>> = { siglip: 5, gloria: 5, declip: 5 };

/**
 * Biases before a batch norm, which subtracts them again. Their gradient is zero in exact arithmetic, and AdamW moves
 * them by rounding noise that affects nothing else. The test checks that these gradients are near zero instead.
 */
const NO_GRADIENT = /image_mlp\.layer[12]\.bias$|predictor\.layer1\.bias$|declip\.image_mlp\.layer3\.bias$/;

/**
 * A tenth of the default learning rate for methods with two views of an image. Batch norm over eight rows and a
 * temperature of 0.1 amplify rounding (differences reach 8e-5 at the default rate).
 */
const RATES: Readonly<Record<string, number>> = { slip: 1e-4 };

/**
 * Every row on whole batches, and one row in chunks. `clip-scratch` differs from `clip` only in its starting weights.
 */
const rows = ROWS.filter(([name]) => name !== 'clip-scratch').flatMap((row) => [
  { row, chunkSize: null },
  ...(row[0] === 'clip' ? [{ row, chunkSize: 4 }] : []),
]);
const cases = rows.flatMap(({ row: [name, Row, given], chunkSize }) =>
  backends.flatMap(([id, backend]) =>
    id === 'wasm'
      ? []
      : [{ name: chunkSize === null ? name : `${name} in chunks of ${chunkSize}`, id, backend, Row, given, chunkSize }],
  ),
);

/** Magnitude of a parameter's gradients: the root of the mean of Adam's second moments. */
function gradientSize(moments: HostTensors, name: string): number {
  const values = Array.from(moments[name]!.data);
  return Math.sqrt(values.reduce((sum, value) => sum + value, 0) / values.length);
}

it.each(cases)(
  'after 50 steps of $name every weight on $id equals the eager reference to 1e-4',
  async ({ name, backend, Row, given, chunkSize }) => {
    const learningRate = RATES[name] ?? 1e-3;
    const make = () => createRow(Row, given, { ...TRAINING, learningRate, chunkSize });
    const steps = STEPS[name] ?? 50;
    const trained = await trainOn(backend, make(), steps, { selfCheck: false });
    const expected = await trainOn(new Wasm(), make(), steps);
    const worst = mostDifferentParameter(trained.weights, expected.weights, NO_GRADIENT);
    console.info(`${name}: largest difference ${worst.by.toExponential(1)}, in ${worst.name}`);
    expect(worst.by, worst.name).toBeLessThan(1e-4);
    for (const [i, loss] of trained.losses.entries()) {
      // The captioning loss exceeds 10, so the tolerance is relative.
      expect(Math.abs(loss - expected.losses[i]!), `loss ${i}`).toBeLessThan(1e-3 * Math.max(1, Math.abs(loss)));
    }
    const { parametersOf } = make().step;
    for (const { state } of [trained, expected]) {
      const seconds = Object.entries(state).flatMap(([entry, value]) =>
        entry.startsWith('moment2/') ? [[entry.replace('moment2/', 'trained/'), value] as const] : [],
      );
      const moments = parametersOf({ ...state, ...Object.fromEntries(seconds) });
      for (const one of Object.keys(moments).filter((parameter) => NO_GRADIENT.test(parameter))) {
        const weight = one.replace(/bias$/, 'weight');
        expect(gradientSize(moments, one), one).toBeLessThan(1e-4 * gradientSize(moments, weight));
      }
    }
  },
  120_000,
);
