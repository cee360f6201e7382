import { join } from 'node:path';
import {
  type Activation,
  type HostTensor,
  type HostTensors,
  MedbenchError,
  random,
  type Tower,
  writeFileAtomic,
} from '@medbench/core';
import type { BuiltModel } from '@medbench/training';
import { buildRowModel } from './row-model.js';

/**
 * Largest allowed difference from medbench's own embeddings, relative to the largest value; rounding causes about 1e-6.
 */
const TOLERANCE = 1e-4;
/** Batch sizes with which a file for any batch size is checked. */
const TRIED_BATCHES = [1, 3] as const;

/** Which tower of a run to export, and where to. */
export interface TowerExport {
  /** Run folder. */
  readonly dir: string;
  readonly method: string;
  readonly seed: number;
  readonly tower: Tower;
  /** Fixed batch size; undefined: any. */
  readonly batch?: number;
  /** Folder to write the file to. */
  readonly out: string;
  /** Path of the checkpoint. */
  readonly file: string;
  readonly weights: HostTensors;
  readonly activation: Activation;
}

/** Returns a batch to embed: noise for the image tower, short texts for the text tower. */
function probeInput({ model, tokenizer }: BuiltModel, tower: Tower, batch: number): HostTensor {
  if (tower === 'text') {
    const length = model.text.contextLength;
    const texts = Array.from({ length: batch }, (_, i) => `an image of ${'very '.repeat(i)}small cells`);
    return { shape: [batch, length], dtype: 'int32', data: tokenizer.encodeBatch(texts, length) };
  }
  const side = model.image.imageSize;
  const stream = random(0, 'export');
  const data = Float32Array.from({ length: batch * side * side * 3 }, () => stream.normal());
  return { shape: [batch, side, side, 3], dtype: 'float32', data };
}

/** Returns the largest absolute difference, relative to the largest expected value. */
function relativeDifference(actual: HostTensor, expected: HostTensor): number {
  let [most, scale] = [0, 0];
  expected.data.forEach((value, i) => {
    // Math.max keeps NaN, so that a missing or NaN value makes the result NaN.
    most = Math.max(most, Math.abs((actual.data[i] ?? Number.NaN) - value));
    scale = Math.max(scale, Math.abs(value));
  });
  return most / scale;
}

/**
 * Embeds with the ONNX file and with medbench's own backend, and compares the embeddings.
 * @returns the largest relative difference.
 * @throws MedbenchError('backend') with the difference if it is larger than rounding.
 */
async function compareWithBackend(
  onnx: Uint8Array,
  built: BuiltModel,
  { tower, weights, batch }: TowerExport,
): Promise<number> {
  const [{ Compiled, runOnnx }, { TOWER_INPUT, towerProgram }] = await Promise.all([
    import('@medbench/backends-compiled'),
    import('@medbench/training'),
  ]);
  let worst = 0;
  for (const size of batch === undefined ? TRIED_BATCHES : [batch]) {
    const input = { [TOWER_INPUT[tower]]: probeInput(built, tower, size) };
    const session = await new Compiled().load(towerProgram(built.model, tower, size), weights);
    const expected = (await session.step(input)).embeddings!;
    await session.dispose();
    const deviation = relativeDifference((await runOnnx(onnx, input)).embeddings!, expected);
    if (!(deviation <= TOLERANCE)) {
      throw new MedbenchError(
        'backend',
        `The ONNX file gives other embeddings: they differ by ${deviation.toExponential(1)} of the largest value`,
        {
          hint: 'The file was not written. Please report the encoder as an issue.',
        },
      );
    }
    worst = Math.max(worst, deviation);
  }
  return worst;
}

/** Converts info to the metadata of an ONNX file: one text per key. */
const asTexts = (info: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(info).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

/**
 * Writes one tower of a row as `<tower>.onnx`, with its weights, and `<tower>.json`, which describes how to prepare its
 * input and what it outputs. The metadata of the ONNX file contain the same description.
 * @returns the files, and the largest relative difference from medbench's own embeddings.
 * @throws MedbenchError('usage') without `run.json` or above 2 GiB; ('weights') if the checkpoint is not that of the
 *   row's towers; ('backend') if the tower cannot be traced, or the file does not embed as medbench does.
 */
export async function exportOnnx(
  request: TowerExport,
): Promise<{ readonly files: readonly string[]; readonly difference: number }> {
  const { dir, method, seed, tower, batch, out, file, activation } = request;
  const { built, settings } = await buildRowModel(dir, method, activation);
  const [{ checkWeights }, { standaloneOnnx }, { embeddingProgram, towerInfo, towerWeights }] = await Promise.all([
    import('@medbench/weights'),
    import('@medbench/backends-compiled'),
    import('@medbench/training'),
  ]);
  const { model } = built;
  checkWeights(request.weights, model.parameters, file);
  const weights = towerWeights(model, tower, request.weights);
  const info = {
    producer: 'medbench',
    method,
    seed,
    ...towerInfo(built, settings, tower, batch),
    logitScale: Math.exp(request.weights.logit_scale!.data[0]!),
  };
  const input = tower === 'image' ? 'images as `preprocessing` says' : 'token ids as `preprocessing` says';
  const onnx = await standaloneOnnx((size) => embeddingProgram(model, tower, size), weights, {
    ...(batch === undefined ? {} : { batch }),
    metadata: asTexts(info),
    doc: `The ${tower} tower of ${method}, seed ${seed}, pre-trained by medbench. Takes ${input}; gives embeddings of unit length. Not for clinical use.`,
  });
  const deviation = await compareWithBackend(onnx, built, { ...request, weights });
  const files = [join(out, `${tower}.onnx`), join(out, `${tower}.json`)];
  await writeFileAtomic(files[0]!, onnx);
  await writeFileAtomic(files[1]!, `${JSON.stringify(info, null, 2)}\n`);
  for (const [name, contents] of Object.entries(tower === 'text' ? (built.tokenizer.files?.() ?? {}) : {})) {
    files.push(join(out, name));
    await writeFileAtomic(files.at(-1)!, contents);
  }
  return { files, difference: deviation };
}
