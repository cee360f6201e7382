import {
  type HostTensors,
  type ImagePreprocessing,
  type LoadedModel,
  type Matrix,
  MedbenchError,
  type ModelRequest,
  NO_PROFILE,
  type Profile,
  type RasterImage,
  type Session,
  type Source,
  type TensorSpec,
  type Tower,
} from '@medbench/core';
import { ByteBudget, cached, evaluationTransform, mapSource, normaliser } from '@medbench/data';
import { initialise, readSafetensors } from '@medbench/nn';
import { checkWeights } from '@medbench/weights';
import { buildModel, buildTowers } from './model.js';
import { TOWER_INPUT, towerInput, towerProgram, towerWeights } from './tower.js';

/**
 * Examples per call: 64, or the next number that the devices divide. The last batch is padded, since compiled shapes are
 * static.
 */
const batchFor = (devices: number): number => devices * Math.ceil(64 / devices);

/** Memory for images at the size of the tower: all rows of a run embed the same images. */
const viewBudget = new ByteBudget(256 * 2 ** 20);
const viewsByKind = new Map<string, WeakMap<Source<RasterImage>, Source<RasterImage>>>();

/** Returns the evaluation views of images, each of which is read once for all rows while the budget lasts. */
function evaluationViews(
  images: Source<RasterImage>,
  side: number,
  { interpolation, resize, crop }: ImagePreprocessing,
): Source<RasterImage> {
  const kind = JSON.stringify({ side, interpolation, resize, crop });
  const known = viewsByKind.get(kind) ?? new WeakMap<Source<RasterImage>, Source<RasterImage>>();
  viewsByKind.set(kind, known);
  const transform = evaluationTransform(side, { interpolation, resize, crop });
  const views = known.get(images) ?? cached(mapSource(images, transform), viewBudget);
  known.set(images, views);
  return views;
}

interface Features {
  /** `[N, D]`, rows of unit length. */
  readonly embedding: Matrix;
  /** `[N, W]`. */
  readonly pooled: Matrix;
}

/** Runs a session on batches and joins its outputs. `fill` writes row `row` to `slot` of a batch. */
async function runBatches(
  session: Session,
  count: number,
  input: { readonly name: string; readonly spec: TensorSpec; readonly make: () => Float32Array | Int32Array },
  fill: (row: number, target: Float32Array | Int32Array, slot: number) => Promise<void> | void,
  profile: Profile,
): Promise<Features> {
  const chunks: Record<'embeddings' | 'pooled', Float32Array[]> = { embeddings: [], pooled: [] };
  const batch = input.spec.shape[0]!;
  for (let from = 0; from < count; from += batch) {
    const rows = Math.min(batch, count - from);
    const data = input.make();
    await profile.span('reading images', async () => {
      for (let slot = 0; slot < rows; slot++) await fill(from + slot, data, slot);
    });
    const outputs = await profile.span('embedding', () => session.step({ [input.name]: { ...input.spec, data } }));
    for (const name of ['embeddings', 'pooled'] as const) {
      const { data: values, shape } = outputs[name]!;
      chunks[name].push((values as Float32Array).slice(0, rows * shape[1]!));
    }
  }
  const joinChunks = (name: 'embeddings' | 'pooled'): Matrix => {
    const data = new Float32Array(chunks[name].reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of chunks[name]) {
      data.set(chunk, offset);
      offset += chunk.length;
    }
    return { rows: count, cols: count > 0 ? data.length / count : 0, data };
  };
  return { embedding: joinChunks('embeddings'), pooled: joinChunks('pooled') };
}

/** Loads weights, or draws fresh ones, into a model that embeds. Each tower is compiled when it is first needed. */
export async function loadModel(
  request: ModelRequest,
  source: { readonly file: string } | { readonly untrainedSeed: number },
): Promise<LoadedModel> {
  const { profile = NO_PROFILE, devices = 1 } = request;
  const batch = batchFor(devices);
  const { model, tokenizer, preprocessing } = await buildModel(request);
  let weights: HostTensors;
  if ('file' in source) {
    weights = (await readSafetensors(source.file)).tensors;
    checkWeights(weights, model.parameters, source.file);
  } else {
    weights = initialise(model.parameters, source.untrainedSeed);
  }
  const sessions: Session[] = [];
  const openSession = async (tower: Tower): Promise<Session> => {
    const state = towerWeights(model, tower, weights);
    const session = await request.backend.load(towerProgram(model, tower, batch), state, {
      log: request.log,
      fixed: true,
      ...(devices > 1 ? { devices } : {}),
    });
    sessions.push(session);
    return session;
  };

  const side = model.image.imageSize;
  const imageInput = towerInput(model, 'image', batch);
  let imageSession: Promise<Session> | undefined;
  const write = normaliser(preprocessing);
  // Several protocols of a task ask for the same images, which are embedded once.
  const cachedFeatures = new WeakMap<Source<RasterImage>, Promise<Features>>();
  const computeImageFeatures = (images: Source<RasterImage>): Promise<Features> => {
    let features = cachedFeatures.get(images);
    if (!features) {
      imageSession ??= openSession('image');
      const size = side * side * 3;
      const views = evaluationViews(images, side, preprocessing);
      features = imageSession.then((session) =>
        runBatches(
          session,
          images.length,
          { name: TOWER_INPUT.image, spec: imageInput, make: () => new Float32Array(batch * size) },
          async (row, target, slot) => write(await views.get(row), target as Float32Array, slot * size),
          profile,
        ),
      );
      cachedFeatures.set(images, features);
    }
    return features;
  };

  const length = model.text.contextLength;
  const textInput = towerInput(model, 'text', batch);
  let textSession: Promise<Session> | undefined;
  const logScale = weights.logit_scale;
  if (!logScale) throw new MedbenchError('weights', 'The weights have no logit_scale');
  return {
    id: 'file' in source ? source.file : 'untrained',
    can: { images: true, texts: true, joint: true },
    logitScale: Math.exp(logScale.data[0]!),
    embedImages: async (images) => (await computeImageFeatures(images)).embedding,
    imageFeatures: async (images) => (await computeImageFeatures(images)).pooled,
    async embedTexts(texts) {
      textSession ??= openSession('text');
      const ids = tokenizer.encodeBatch(texts, length);
      const features = await runBatches(
        await textSession,
        texts.length,
        { name: TOWER_INPUT.text, spec: textInput, make: () => new Int32Array(batch * length) },
        (row, target, slot) => target.set(ids.subarray(row * length, (row + 1) * length), slot * length),
        profile,
      );
      return features.embedding;
    },
    towers: async () => ({
      weights,
      imageSize: side,
      preprocessing,
      model: (contextLength = length) =>
        contextLength === length ? model : buildTowers(request, tokenizer, contextLength),
      tokenize: (texts, tokens) => tokenizer.encodeBatch(texts, tokens),
    }),
    async dispose() {
      for (const session of sessions) await session.dispose();
    },
  };
}
