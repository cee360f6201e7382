// Validation on a corpus of its own, and CLIP's loss in place of the method's: beside the closed form in float64.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compiled } from '@medbench/backends-compiled';
import type { HostTensor, HostTensors, Matrix, OpenedCorpus, PairSource, TrainRequest } from '@medbench/core';
import { GptDemo } from '@medbench/encoders-gpt';
import { ResNetDemo } from '@medbench/encoders-resnet';
import { VitDemo } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { Filip } from '@medbench/methods-filip';
import { UnimodalImage } from '@medbench/methods-unimodal-image';
import { readSafetensors } from '@medbench/nn';
import { loadModel, towerProgram, towerWeights, train } from '@medbench/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backends } from './support/backends.js';
import { full, selected } from './support/full.js';
import { composed, createRow, model, ROWS, rowSettings, STUDY_ROWS, sameBytes, TRAINING } from './support/methods.js';
import { phantomCorpus } from './support/phantom-corpus.js';

/** Rows of unit length, `[B][D]`. */
type Rows = readonly (readonly number[])[];

/**
 * Symmetric InfoNCE in float64 (arXiv:2103.00020, figure 3): the mean over both directions of -log softmax at the own
 * partner.
 */
function infoNce64(images: Rows, texts: Rows, scale: number): number {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const direction = (from: Rows, to: Rows) =>
    from.reduce((sum, row, i) => {
      const logits = to.map((other) => scale * dot(row, other));
      const largest = Math.max(...logits);
      return sum + largest + Math.log(logits.reduce((all, logit) => all + Math.exp(logit - largest), 0)) - logits[i]!;
    }, 0) / from.length;
  return (direction(images, texts) + direction(texts, images)) / 2;
}

function unitRows({ data, shape }: Pick<HostTensor, 'data' | 'shape'>): Rows {
  const width = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => {
    const row = Array.from(data.subarray(i * width, (i + 1) * width));
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  });
}

const firstRows = (batch: HostTensors, count: number): HostTensors =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { shape, dtype, data }]) => [
      name,
      { shape: [count, ...shape.slice(1)], dtype, data: data.subarray(0, (data.length / shape[0]!) * count) },
    ]),
  );

const named = (...names: string[]) => [...ROWS, ...STUDY_ROWS].filter(([name]) => names.includes(name));

// Rows with dropped patches, a scale of their own, several views, another pooling, and other outputs of the towers.
const rows = named('clip', 'flip', 'siglip', 'unimodal-image, as trained', 'coca, study', 'filip, study');

describe.each(backends)("CLIP's loss of a row on %s", (id, backend) => {
  it.each(selected("CLIP's loss", rows, ['flip', ...(id === 'compiled' ? ['siglip', 'coca, study'] : [])]))(
    '%s: equals the closed form on its embeddings, whole and in chunks, and changes no state',
    async (_name, Row, given) => {
      for (const [chunkSize, size] of [
        [null, 6],
        [4, 6],
        [4, 5],
      ] as const) {
        const { method, settings, step, load, start } = createRow(Row, given, { chunkSize });
        const towers = method.towers(model, settings);
        const { images, ids } = firstRows(await load(0), size);
        const embed = async (tower: 'image' | 'text', input: HostTensors) => {
          const session = await backend.load(towerProgram(towers, tower, size), towerWeights(towers, tower, start));
          const { embeddings } = await session.step(input);
          await session.dispose();
          return unitRows(embeddings!);
        };
        const scale = Math.exp(start.logit_scale!.data[0]!);
        const expected = infoNce64(
          await embed('image', { images: images! }),
          await embed('text', { ids: ids! }),
          scale,
        );
        const session = await step.load(backend, step.initialState(start), { selfCheck: false });
        const before = await session.readState();
        const loss = await session.evaluate({ images: images!, ids: ids! }, 'clip');
        const after = await session.readState();
        for (const [name, { data }] of Object.entries(after))
          expect(sameBytes(data, before[name]!.data), name).toBe(true);
        await session.dispose();
        expect(Math.abs(loss - expected), `${size} in chunks of ${chunkSize}`).toBeLessThan(1e-5 * expected);
      }
    },
    300_000,
  );

  it('is 0 for a single pair, and passes the self-check', async () => {
    const { step, load, start } = createRow(Clip, {});
    const session = await step.load(backend, step.initialState(start));
    const pair = firstRows(await load(0), 1);
    for (const loss of ['own', 'clip'] as const) {
      expect(Math.abs(await session.evaluate(pair, loss))).toBeLessThan(1e-5);
    }
    await session.dispose();
  }, 300_000);

  it('the own loss of smaller batches equals that of a row with such batches', async () => {
    const batchOf = (batchSize: number, chunkSize: number | null = null) =>
      createRow(Filip, { width: 16 }, { batchSize, chunkSize });
    const batch = firstRows(await batchOf(8).load(0), 6);
    const losses: number[] = [];
    for (const row of [batchOf(6), batchOf(8), batchOf(8, 2)]) {
      const session = await row.step.load(backend, row.step.initialState(row.start), { selfCheck: false });
      losses.push(await session.evaluate(batch));
      await session.dispose();
    }
    for (const loss of losses) expect(Math.abs(loss - losses[0]!)).toBeLessThan(1e-5 * losses[0]!);
  }, 300_000);
});

describe('validation on a corpus of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'medbench-validation-corpus-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const all = phantomCorpus(104);
  const part = (from: number, length: number): OpenedCorpus & { readonly seen: Set<number> } => {
    const seen = new Set<number>();
    const pairs: PairSource = {
      length,
      get: (index) => {
        seen.add(index);
        return all.pairs.get(from + index);
      },
    };
    return { ...all, pairs, seen };
  };
  const corpus = part(0, 64);
  const validationCorpus = part(64, 40);
  const events: Readonly<Record<string, unknown>>[] = [];
  const request = (
    name: string,
    training: Partial<TrainRequest['training']> = {},
    abortAt = Infinity,
  ): TrainRequest => {
    const abort = new AbortController();
    return {
      ...{ image: new VitDemo(), text: new GptDemo(), backend: new Compiled(), corpus, validationCorpus, seed: 0 },
      ...{ start: 'scratch', settings: {} },
      model: { embedDim: 32, merges: 0, activation: 'quick-gelu' },
      row: name,
      method: composed(Clip),
      training: {
        ...TRAINING,
        validation,
        steps: 10,
        batchSize: 16,
        learningRate: 3e-3,
        checkpointEvery: 3,
        ...training,
      },
      folder: join(folder, name),
      key: 'key',
      progress: ({ step }) => {
        if (step === abortAt) abort.abort();
      },
      event: (entry) => events.push(entry),
      log: () => {},
      signal: abort.signal,
    };
  };
  const validation: TrainRequest['training']['validation'] = {
    ...{ share: 0.2, batches: null, batchSize: 12, loss: 'clip' },
    ...{ every: 'epoch', patience: null, keep: 'last' },
  };

  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train(request('whole'));
  }, 300_000);

  it('after every epoch of full batches and at the end, without holding out a training pair', () => {
    const { curve, pairs, batchSize, loss, stoppedEarly } = whole.record.validation!;
    expect(curve.map(({ step }) => step)).toEqual([4, 8, 10]);
    expect({ pairs, batchSize, loss, stoppedEarly }).toEqual({
      ...{ pairs: 40, batchSize: 12, loss: 'clip', stoppedEarly: false },
    });
    expect(events.find(({ validationPairs }) => validationPairs !== undefined)).toMatchObject({
      ...{ validationPairs: 40, pairs: 64 },
    });
    expect(corpus.seen.size).toBe(64);
    expect(validationCorpus.seen.size).toBe(40);
  });

  it('measures the closed form over all its pairs in their order, the last batch by its share', async () => {
    // Batch norm: the running statistics, as in the evaluation.
    const norms = { ...request('norms', { steps: 4, learningRate: 1e-4 }), image: new ResNetDemo() };
    for (const [job, trained] of [
      [request('whole'), whole],
      [norms, await train(norms)],
    ] as const) {
      const loaded = await loadModel(job, { file: trained.weights });
      const pairs = await Promise.all(Array.from({ length: 40 }, (_, i) => all.pairs.get(64 + i)));
      const toRows = ({ rows, cols, data }: Matrix) => unitRows({ shape: [rows, cols], data });
      const images = toRows(await loaded.embedImages({ length: 40, get: async (i) => pairs[i]!.image }));
      const texts = toRows(await loaded.embedTexts(pairs.map(({ caption }) => caption)));
      let sum = 0;
      for (let from = 0; from < 40; from += 12) {
        const to = Math.min(40, from + 12);
        sum += infoNce64(images.slice(from, to), texts.slice(from, to), loaded.logitScale) * (to - from);
      }
      await loaded.dispose();
      expect(trained.record.validation!.curve.at(-1)!.loss).toBeCloseTo(sum / 40, 4);
    }
  }, 300_000);

  it(`interrupted and resumed, in chunks${full ? ' and without' : ''}, has the same curve, kept step and weights`, async () => {
    // tests/validation.test.ts resumes without chunks.
    for (const [name, chunkSize] of [...(full ? [['best', null] as const] : []), ['chunked', 8] as const]) {
      const best = { chunkSize, validation: { ...validation, every: 2, keep: 'best' } as const };
      const undisturbed = await train(request(name, best));
      await expect(train(request(`${name}-resumed`, best, 5))).rejects.toThrow('resumes from there');
      const resumed = await train(request(`${name}-resumed`, best));
      expect(resumed.record.validation).toEqual(undisturbed.record.validation);
      const [one, two] = [await readSafetensors(resumed.weights), await readSafetensors(undisturbed.weights)];
      for (const [parameter, { data }] of Object.entries(two.tensors))
        expect(sameBytes(one.tensors[parameter]!.data, data), parameter).toBe(true);
    }
  }, 300_000);

  it('refuses before the first step batches that the own loss does not take', async () => {
    const job = request('divided', { validation: { ...validation, batchSize: 16, loss: 'own' } });
    const settings = rowSettings(UnimodalImage, { partners: 'as-trained', ranks: 2, accumulation: 2 });
    // The last batch has 40 - 2 * 16 = 8 pairs, which 2 ranks with 2 micro-batches divide; 40 - 3 * 13 = 1 is not.
    const refused = { ...job.training, validation: { ...job.training.validation, batchSize: 13 } };
    const row = { ...job, method: composed(UnimodalImage), settings };
    let steps = 0;
    const progress = () => void steps++;
    await expect(train({ ...row, progress, training: refused })).rejects.toThrow(
      /divided cannot validate 40 pairs in batches of 13: .*2 ranks · 2 micro-batches/,
    );
    expect(steps).toBe(0);
    const { record } = await train({ ...row, training: { ...job.training, steps: 2, stopAt: null } });
    expect(record.validation).toMatchObject({ loss: 'own', curve: [{ step: 2 }] });
  }, 300_000);

  it('with fewer batches measures the first ones', async () => {
    const { record } = await train(request('few', { steps: 4, validation: { ...validation, batches: 2 } }));
    expect(record.validation).toMatchObject({ pairs: 24, batchSize: 12 });
  }, 300_000);
});
