// Starting weights and batches, the same for every contender. Two safetensors files hold them.
import { join } from 'node:path';
import { random } from '@medbench/core';
import { initialise, readSafetensors, writeSafetensors } from '@medbench/nn';
import { BATCHES, CASES, SEED, setUpCase } from './cases.mjs';

/** Paths of the files of a case and method in a folder. */
export const startFiles = (folder, key, method) => ({
  weights: join(folder, `${key}-${method}-weights.safetensors`),
  batches: join(folder, `${key}-${method}-batches.safetensors`),
});

/** The name of a parameter or input in the files, without an objective's prefix: the peer knows no sums. */
const ownName = (name) => name.slice(name.lastIndexOf('/') + 1);

const elements = (shape) => shape.reduce((product, side) => product * side, 1);

/** An image of noise, from which methods draw their inputs. */
function noiseImage(size, stream) {
  const data = Uint8Array.from({ length: size * size * 3 }, () => stream.integer(256));
  return { width: size, height: size, channels: 3, data };
}

/** Pixels of the batches so far: they do not depend on the method, and take a second for ten millions. */
const PIXELS = new Map();
function drawPixels(shape, at, stream) {
  const key = `${shape} ${at}`;
  if (!PIXELS.has(key))
    PIXELS.set(
      key,
      Float32Array.from({ length: elements(shape) }, () => stream.normal()),
    );
  return PIXELS.get(key);
}

/** A batch in the loader's format: normally distributed pixels, texts of random length, the method's drawn inputs. */
function drawBatch({ image, text, batch }, inputs, at) {
  const stream = random(SEED, 'batch', at);
  const { contextLength, vocabSize } = text;
  const ids = new Int32Array(batch * contextLength);
  for (let row = 0; row < batch; row++) {
    const words = 1 + stream.integer(contextLength - 2);
    ids[row * contextLength] = vocabSize - 2;
    for (let i = 1; i <= words; i++) ids[row * contextLength + i] = stream.integer(vocabSize - 2);
    if (words + 1 < contextLength) ids[row * contextLength + words + 1] = vocabSize - 1;
    else ids[(row + 1) * contextLength - 1] = vocabSize - 1;
  }
  const shape = [batch, image.imageSize, image.imageSize, 3];
  const pixels = drawPixels(shape, at, stream);
  const tensors = {
    images: { shape, dtype: 'float32', data: pixels },
    ids: { shape: [batch, contextLength], dtype: 'int32', data: ids },
  };
  for (const [name, input] of Object.entries(inputs)) {
    const size = elements(input.shape);
    const data = new (input.dtype === 'int32' ? Int32Array : Float32Array)(batch * size);
    for (let row = 0; row < batch; row++) {
      const drawn = random(SEED, 'input', input.stream ?? name, at, row);
      data.set(input.draw({ image: noiseImage(image.imageSize, drawn), caption: '' }, drawn), row * size);
    }
    tensors[`input/${ownName(name)}`] = { shape: [batch, ...input.shape], dtype: input.dtype, data };
  }
  return tensors;
}

/** Writes both files. @returns the trained parameters, for the peer. */
export async function writeStart(folder, key, method) {
  const { parameters, step } = await setUpCase(key, method);
  const files = startFiles(folder, key, method);
  const weights = Object.entries(initialise(parameters, SEED)).map(([name, one]) => [ownName(name), one]);
  await writeSafetensors(files.weights, Object.fromEntries(weights));
  const batches = Array.from({ length: BATCHES }, (_, at) => drawBatch(CASES[key], step.inputs, at));
  const named = batches.flatMap((batch, at) => Object.entries(batch).map(([name, one]) => [`${at}/${name}`, one]));
  await writeSafetensors(files.batches, Object.fromEntries(named));
  return { files, trainable: step.trainable.map(ownName) };
}

/** Reads the weights of a file, under parameter names. */
export async function readWeights(file, parameters) {
  const { tensors } = await readSafetensors(file);
  return Object.fromEntries(parameters.map(({ name }) => [name, tensors[ownName(name)]]));
}

/** Reads the batches of a file, in the format of a step's inputs. */
export async function readStepBatches(file, inputs) {
  return (await readBatches(file)).map(({ images, ids, ...drawn }) => ({
    ...{ images, ids },
    ...Object.fromEntries(Object.keys(inputs).map((name) => [`input/${name}`, drawn[`input/${ownName(name)}`]])),
  }));
}

/** Reads the batches of a file in order. */
export async function readBatches(file) {
  const { tensors } = await readSafetensors(file);
  return Array.from({ length: BATCHES }, (_, at) =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, one]) =>
        name.startsWith(`${at}/`) ? [[name.slice(name.indexOf('/') + 1), one]] : [],
      ),
    ),
  );
}
