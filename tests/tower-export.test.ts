import { eagerSession } from '@medbench/backend-kit';
import { Compiled, runOnnx, standaloneOnnx } from '@medbench/backends-compiled';
import { activateWasm } from '@medbench/backends-wasm';
import type { DualEncoderModel, HostTensor, HostTensors, Tower } from '@medbench/core';
import { integers, normal } from '@medbench/core/testing';
import { gptModel } from '@medbench/encoders-gpt';
import { resnetModel } from '@medbench/encoders-resnet';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder, initialise } from '@medbench/nn';
import { embeddingProgram, TOWER_INPUT, towerInput, towerProgram, towerWeights } from '@medbench/training';
import { describe, expect, it } from 'vitest';

const VOCABULARY = 40;
const text = gptModel({ id: 'gpt', contextLength: 9, vocabSize: VOCABULARY, width: 128, layers: 2, embedDim: 24 });
const models: readonly (readonly [string, Tower, DualEncoderModel])[] = [
  [
    'a vision transformer',
    'image',
    dualEncoder(vitModel({ id: 'vit', imageSize: 24, patchSize: 8, width: 128, layers: 2, embedDim: 24 }), text),
  ],
  [
    'a ResNet',
    'image',
    dualEncoder(resnetModel({ id: 'rn', imageSize: 64, baseWidth: 16, layers: [1, 2, 1, 1], embedDim: 24 }), text),
  ],
  [
    'a text transformer',
    'text',
    dualEncoder(vitModel({ id: 'vit', imageSize: 24, patchSize: 8, width: 64, layers: 1, embedDim: 24 }), text),
  ],
];

/** Random weights, as after training: no parameter has its initial zero or one, which could hide an error. */
function randomWeights(model: DualEncoderModel): HostTensors {
  const drawn = initialise(model.parameters, 3);
  for (const { name, shape, init } of model.parameters) {
    if (init.kind !== 'constant' || shape.length === 0) continue;
    // Variances and gains are drawn around one, away from zero.
    drawn[name] = normal(name, shape, 0.05, /weight$|running_var$/.test(name) ? 1 : 0);
  }
  return drawn;
}

const towerBatch = (model: DualEncoderModel, tower: Tower, batch: number): HostTensor => {
  const { shape } = towerInput(model, tower, batch);
  if (tower === 'image') return normal('images', shape);
  const ids = integers('texts', shape, VOCABULARY - 1);
  for (let row = 0; row < batch; row++) ids.data[row * shape[1]! + 3 + (row % 5)] = VOCABULARY - 1;
  return ids;
};

/** Largest difference, relative to the largest absolute value. */
function difference(a: HostTensor, b: HostTensor): number {
  expect(a.shape).toEqual(b.shape);
  let [most, scale] = [0, 0];
  b.data.forEach((value, i) => {
    most = Math.max(most, Math.abs(a.data[i]! - value));
    scale = Math.max(scale, Math.abs(value));
  });
  return most / scale;
}

describe.each(models)('%s exported as an ONNX file', (_, tower, model) => {
  const weights = towerWeights(model, tower, randomWeights(model));
  const name = TOWER_INPUT[tower];
  const programForBatch = (batch: number) => embeddingProgram(model, tower, batch);

  it('embeds batches of any size as the compiled backend and the WebAssembly reference do, to 1e-5', async () => {
    const file = await standaloneOnnx(programForBatch, weights);
    for (const batch of [1, 2, 5, 16]) {
      const input = towerBatch(model, tower, batch);
      const { embeddings, ...rest } = await runOnnx(file, { [name]: input });
      expect(Object.keys(rest)).toEqual([]);
      const program = towerProgram(model, tower, batch);
      const compiled = await new Compiled().load(program, weights, { selfCheck: false });
      const eager = await eagerSession(program, weights, { activate: activateWasm });
      for (const session of [compiled, eager]) {
        const reference = (await session.step({ [name]: input })).embeddings!;
        expect(difference(embeddings!, reference)).toBeLessThan(1e-5);
        await session.dispose();
      }
    }
  });

  it('has standard operators only, and the weights under their parameter names', async () => {
    const file = Buffer.from(
      await standaloneOnnx(programForBatch, weights, { metadata: { tower }, doc: 'what it is' }),
    );
    for (const text of [...Object.keys(weights), 'what it is', 'batch']) expect(file.includes(text), text).toBe(true);
    for (const text of ['com.microsoft', 'FusedMatMul', 'state/', 'input/', 'output/'])
      expect(file.includes(text), text).toBe(false);
  });

  it('has a fixed batch size where one is given', async () => {
    const file = await standaloneOnnx(programForBatch, weights, { batch: 3 });
    const input = towerBatch(model, tower, 3);
    const { embeddings } = await runOnnx(file, { [name]: input });
    const free = await runOnnx(await standaloneOnnx(programForBatch, weights), { [name]: input });
    expect(difference(embeddings!, free.embeddings!)).toBeLessThan(1e-5);
    await expect(runOnnx(file, { [name]: towerBatch(model, tower, 2) })).rejects.toThrow('Got: 2 Expected: 3');
  });
});
