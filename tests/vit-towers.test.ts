import { readFileSync } from 'node:fs';
import type { HostTensor, HostTensors, Program } from '@medbench/core';
import { timmVitModel } from '@medbench/encoders-vit';
import { differentiate } from '@medbench/nn';
import { gradientError, relativeError, scattered, type TowerOracle, weightByFormula } from '@medbench/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';

/** Results of timm (`scripts/oracles/vit_towers.py`): whole embeddings; of the other tensors, ends and norms. */
interface Oracle {
  readonly parameters: TowerOracle['parameters'];
  readonly embedding: readonly number[];
  readonly tokens: TowerOracle['gradients'][string];
  readonly pooled: TowerOracle['gradients'][string];
  /** Embeddings if all patches but `KEPT` are dropped. */
  readonly kept: readonly number[];
  readonly loss: number;
  readonly gradients: TowerOracle['gradients'];
}

const oracles: Readonly<Record<string, Oracle>> = JSON.parse(
  readFileSync(new URL('fixtures/vit-towers.json', import.meta.url), 'utf8'),
);
const sizes = { id: 'oracle', imageSize: 16, patchSize: 8, width: 128, layers: 2 };
const models = {
  token: timmVitModel({ ...sizes, embedDim: 16, pooling: 'token' }),
  map: timmVitModel({ ...sizes, embedDim: 16, pooling: 'map' }),
  'map-unprojected': timmVitModel({ ...sizes, embedDim: 128, pooling: 'map' }),
} as const;
const KEPT: HostTensor = { shape: [3, 2], dtype: 'int32', data: Int32Array.from([2, 0, 1, 3, 0, 1]) };

/** The oracle's three images: `[3, 3, 16, 16]` in PyTorch, `[3, 16, 16, 3]` here. */
const images: HostTensor = {
  shape: [3, 16, 16, 3],
  dtype: 'float32',
  data: Float32Array.from({ length: 3 * 16 * 16 * 3 }, (_, i) => {
    const [image, pixel, channel] = [Math.floor(i / 768), Math.floor((i % 768) / 3), i % 3];
    return scattered(image * 768 + channel * 256 + pixel, 0);
  }),
};

describe.each(Object.keys(models) as (keyof typeof models)[])(
  'the vision transformer of timm, pooled by %s,',
  (kind) => {
    const [model, oracle] = [models[kind], oracles[kind]!];
    /** Returns embedding, tokens, pooled, the embedding of the kept patches, the oracle's loss and its gradients. */
    const program: Program = {
      name: `timm:${kind}`,
      state: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' }])),
      inputs: { images, kept: KEPT },
      run(parameters, inputs) {
        const weight = tf.reshape(tf.cos(tf.range(0, 3 * model.embedDim)), [3, model.embedDim]);
        const batch = inputs.images as tf.Tensor4D;
        const { value, gradients, terms } = differentiate(parameters, (variables) => {
          const { embedding, tokens, pooled } = model.forward(variables, batch);
          const { embedding: kept } = model.forward(variables, batch, { keptPatches: inputs.kept as tf.Tensor2D });
          return { value: tf.sum(tf.mul(embedding, weight)) as tf.Scalar, terms: { embedding, tokens, pooled, kept } };
        });
        const named = Object.entries(gradients).map(([name, gradient]) => [`gradient/${name}`, gradient]);
        return { outputs: { loss: value, ...terms, ...Object.fromEntries(named) } };
      },
    };

    it('has the parameter names and shapes of timm in open_clip', () => {
      expect(Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))).toEqual(oracle.parameters);
    });

    describe.each(backends)('agrees with timm on %s', (_, backend) => {
      let outputs: HostTensors;
      beforeAll(async () => {
        const state = Object.fromEntries(
          model.parameters.map(({ name, shape }) => [name, weightByFormula(name, shape)]),
        );
        const session = await backend.load(program, state);
        outputs = await session.step({ images, kept: KEPT });
        await session.dispose();
      });

      it('in embeddings, tokens and pooled features, to 1e-4, also of a part of the patches', () => {
        expect(relativeError(outputs.embedding!.data, oracle.embedding)).toBeLessThan(1e-4);
        expect(relativeError(outputs.kept!.data, oracle.kept)).toBeLessThan(1e-4);
        for (const name of ['tokens', 'pooled'] as const) {
          const one = { gradients: { [name]: oracle[name] }, loss: 0 };
          expect(gradientError(outputs[name]!.data, one, name), name).toBeLessThan(1e-4);
        }
      });

      it('in the gradient of every parameter, to 1e-3', () => {
        expect(Object.keys(oracle.gradients)).toEqual(Object.keys(oracle.parameters));
        for (const name of Object.keys(oracle.gradients)) {
          expect(gradientError(outputs[`gradient/${name}`]!.data, oracle, name), name).toBeLessThan(1e-3);
        }
      });
    });
  },
);
