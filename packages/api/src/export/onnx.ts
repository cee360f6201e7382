import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Activation,
  type HostTensor,
  type HostTensors,
  MedbenchError,
  type ModelSettings,
  random,
  type Tower,
  writeFileAtomic,
} from '@medbench/core';
import { type Config, RunLayout } from '@medbench/runner';
import type { BuiltModel } from '@medbench/training';
import { findPlugins, openRegistry } from '../workspace.js';

/** Largest difference from medbench's own embeddings, as a share of the largest value; rounding is about 1e-6. */
const TOLERANCE = 1e-4;
/** Batches on which a file for any size is tried. */
const TRIED_BATCHES = [1, 3] as const;

export interface TowerExport {
  /** Run folder. */
  readonly dir: string;
  readonly method: string;
  readonly seed: number;
  readonly tower: Tower;
  /** Size of every batch; undefined: any. */
  readonly batch?: number;
  /** Folder of the file. */
  readonly out: string;
  /** The checkpoint, and what it holds. */
  readonly file: string;
  readonly weights: HostTensors;
  readonly activation: Activation;
}

/** The towers that a run trained, from its own settings. */
async function buildRunModel(
  dir: string,
  activation: Activation,
): Promise<{ readonly built: BuiltModel; readonly settings: ModelSettings }> {
  const path = new RunLayout(dir).run;
  if (!existsSync(path)) {
    throw new MedbenchError('usage', `${dir} has no run.json, which says what its towers are`, {
      hint: 'Name the folder of a run, or write --format safetensors.',
    });
  }
  const { config } = JSON.parse(readFileSync(path, 'utf8')) as { readonly config: Config };
  const { buildModel } = await import('@medbench/training');
  const cwd = process.cwd();
  const registry = await openRegistry({ cwd, catalogue: await findPlugins(cwd, config.plugins) });
  const settings = { ...config.model, activation };
  const [image, text] = await Promise.all([
    registry.get('encoder', config.encoders.image),
    registry.get('encoder', config.encoders.text),
  ]);
  return { built: await buildModel({ image, text, model: settings }), settings };
}

/** Something to embed: noise, or short texts. */
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

/** Largest difference as a share of the largest value. */
function relativeDifference(actual: HostTensor, expected: HostTensor): number {
  let [most, scale] = [0, 0];
  expected.data.forEach((value, i) => {
    // What is no number makes the whole no number.
    most = Math.max(most, Math.abs((actual.data[i] ?? Number.NaN) - value));
    scale = Math.max(scale, Math.abs(value));
  });
  return most / scale;
}

/**
 * Embeds with the file and with medbench's own backend, and compares.
 * @returns the largest relative difference.
 * @throws MedbenchError('backend') with it, if it is more than rounding.
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
        `The ONNX file embeds differently, by ${deviation.toExponential(1)} of the largest`,
        {
          hint: 'It was not written. Please report the encoder as an issue.',
        },
      );
    }
    worst = Math.max(worst, deviation);
  }
  return worst;
}

/** What a reader of the file needs to know, one text per key. */
const asTexts = (info: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(info).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

/**
 * Writes one tower of a row as `<tower>.onnx`, weights and all, and beside it `<tower>.json`: how its input is made and what
 * comes out. The same stands in the file's metadata.
 * @returns the files, and the largest relative difference from medbench's own embeddings.
 * @throws MedbenchError('usage') without `run.json` or above 2 GiB; ('weights') if the checkpoint is not that of the run's
 *   towers; ('backend') if the tower cannot be traced, or the file does not embed as medbench does.
 */
export async function exportOnnx(
  request: TowerExport,
): Promise<{ readonly files: readonly string[]; readonly difference: number }> {
  const { dir, method, seed, tower, batch, out, file, activation } = request;
  const { built, settings } = await buildRunModel(dir, activation);
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
  return { files, difference: deviation };
}
