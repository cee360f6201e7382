import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compiled } from '@medbench/backends-compiled';
import type { TrainRequest } from '@medbench/core';
import { GptDemo } from '@medbench/encoders-gpt';
import { VitDemo } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { readSafetensors } from '@medbench/nn';
import { train } from '@medbench/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selected } from './support/full.js';
import { composed, createRow, ROWS, sameBytes, TRAINING } from './support/methods.js';
import { phantomCorpus } from './support/phantom-corpus.js';

const compiled = new Compiled();

/** Rows that together cover a projection head, an EMA teacher, a decoder, a logit scale and a queue. */
const SAMPLE = ['slip', 'masked-cl, ema', 'coca', 'filip', 'declip'];

const sample = ROWS.filter(([name]) => SAMPLE.includes(name));

describe.each(
  // A teacher, a decoder and a queue: other programs than that of the step.
  selected('validation losses', sample, ['masked-cl, ema', 'coca', 'declip']),
)('the validation loss of %s', (_name, Row, given) => {
  it('equals the loss of the next step, whole and in chunks, and changes no state', async () => {
    for (const chunkSize of [null, 4]) {
      const { step, load, start } = createRow(Row, given, { chunkSize });
      const session = await step.load(compiled, step.initialState(start), { selfCheck: false });
      const batch = await load(0);
      const before = await session.readState();
      const alone = await session.evaluate(batch);
      for (const [name, { data }] of Object.entries(await session.readState()))
        expect(sameBytes(data, before[name]!.data), name).toBe(true);
      const { loss } = await session.step(batch);
      await session.dispose();
      expect(Math.abs(alone - loss!.data[0]!)).toBeLessThan(1e-5 * Math.abs(alone));
    }
  }, 300_000);
});

describe('training with held-out pairs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'medbench-validation-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const corpus = phantomCorpus(160);
  const events: Readonly<Record<string, unknown>>[] = [];
  const request = (name: string, training: Partial<TrainRequest['training']>, abortAt = Infinity): TrainRequest => {
    const abort = new AbortController();
    return {
      ...{
        image: new VitDemo(),
        text: new GptDemo(),
        backend: compiled,
        corpus,
        seed: 0,
        start: 'scratch',
        settings: {},
      },
      model: { embedDim: 32, merges: 0, activation: 'quick-gelu' },
      row: name,
      method: composed(Clip),
      training: { ...TRAINING, steps: 24, batchSize: 16, learningRate: 3e-3, checkpointEvery: 5, ...training },
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
  const validation = { share: 0.2, batches: 2, every: 4, patience: null, keep: 'best' } as const;
  const readWeights = async (name: string) =>
    (await readSafetensors(join(folder, name, 'weights.safetensors'))).tensors;

  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train(request('whole', { validation }));
  }, 300_000);

  it('validates at the set interval, and keeps the weights with the lowest validation loss', async () => {
    const { curve, kept, stoppedEarly } = whole.record.validation!;
    expect(curve.map(({ step }) => step)).toEqual([4, 8, 12, 16, 20, 24]);
    expect(kept.loss).toBe(Math.min(...curve.map(({ loss }) => loss)));
    expect(stoppedEarly).toBe(false);
    // A training that stops at that step under the same schedule has the same weights.
    const ended = await train(request('ended', { validation: { ...validation, keep: 'last' } }));
    expect(ended.record.validation!.kept.step).toBe(24);
    expect(ended.record.curve).toEqual(whole.record.curve);
    expect(existsSync(join(folder, 'whole', 'best.safetensors'))).toBe(false);
    expect(events.find(({ heldOut }) => heldOut !== undefined)).toMatchObject({ heldOut: 32, pairs: 128 });
  }, 300_000);

  it('never trains on held-out pairs', async () => {
    const seen = new Set<number>();
    const get = (index: number) => {
      seen.add(index);
      return corpus.pairs.get(index);
    };
    const watched = { ...corpus, pairs: { ...corpus.pairs, get } };
    let trainedOn = 0;
    const job = request('unseen', { validation, steps: 23 });
    const progress = ({ step }: { readonly step: number }): void => {
      // Before the first validation, and after three passes over the training pairs.
      if (step === 4) trainedOn = seen.size;
    };
    await train({ ...job, corpus: watched, progress, training: { ...job.training, batchSize: 32, steps: 4 } });
    expect(trainedOn).toBe(128);
    expect(seen.size).toBe(160);
  }, 300_000);

  it('stops early without progress, with the weights of the lowest validation loss', async () => {
    // This learning rate makes the loss worse from the first step.
    const wild = {
      learningRate: 0.5,
      warmup: 0,
      steps: 200,
      clipNorm: null,
      validation: { ...validation, every: 1, patience: 3 },
    };
    const { record } = await train(request('wild', wild));
    const { curve, kept, stoppedEarly } = record.validation!;
    expect(stoppedEarly).toBe(true);
    expect(record.steps).toBeLessThan(200);
    expect(curve.at(-1)!.step - kept.step).toBe(3);
  }, 300_000);

  it('interrupted and resumed, it validates and ends as if undisturbed', async () => {
    await expect(train(request('resumed', { validation }, 13))).rejects.toThrow('resumes from there');
    const resumed = await train(request('resumed', { validation }));
    expect(resumed.record.validation).toEqual(whole.record.validation);
    const [one, two] = [await readWeights('resumed'), await readWeights('whole')];
    for (const [name, { data }] of Object.entries(two)) expect(sameBytes(one[name]!.data, data), name).toBe(true);
  }, 300_000);

  it('refuses to hold out fewer pairs than a batch', async () => {
    await expect(train(request('few', { validation: { ...validation, share: 0.05 } }))).rejects.toThrow(
      '8 pairs are held out, fewer than a batch of 16',
    );
  });
});
