import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compiled } from '@medbench/backends-compiled';
import { Wasm } from '@medbench/backends-wasm';
import type { Encoder, HostTensors, OpenedCorpus, TrainRequest } from '@medbench/core';
import { GptDemo } from '@medbench/encoders-gpt';
import { ResNetDemo } from '@medbench/encoders-resnet';
import { VitDemo } from '@medbench/encoders-vit';
import { Clip } from '@medbench/methods-clip';
import { readSafetensors } from '@medbench/nn';
import { phantomCase } from '@medbench/phantoms';
import { buildModel, stepMemory, train } from '@medbench/training';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { TRAINING } from './support/methods.js';

const compiled = new Compiled();
const training = { ...TRAINING, steps: 5, warmup: 2, batchSize: 64, chunkSize: null };
const corpus: OpenedCorpus = {
  fingerprint: 'phantoms',
  synthetic: true,
  pairs: {
    length: 96,
    async get(index) {
      const { caption, render } = phantomCase(0, 'train', index);
      return { caption, image: render(64) };
    },
  },
};
const model = { embedDim: 32, merges: 500, activation: 'quick-gelu' } as const;
const row = { row: 'clip', method: new Clip(), settings: {}, start: 'scratch', training } as const;

const folder = mkdtempSync(join(tmpdir(), 'medbench-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

async function trained(name: string, mebibytes: number, image: Encoder = new VitDemo()) {
  vi.stubEnv('MEDBENCH_MEMORY', String(mebibytes));
  const lines: string[] = [];
  const events: Readonly<Record<string, unknown>>[] = [];
  const request: TrainRequest = {
    ...{ ...row, image, text: new GptDemo(), model, backend: compiled, corpus, seed: 3, key: name },
    folder: join(folder, name),
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
    event: (event) => events.push(event),
    progress: () => {},
  };
  const { weights, record } = await train(request);
  const { tensors } = await readSafetensors(weights);
  return { tensors, record, lines, events };
}

/** The largest difference of any weight, relative to the largest value of its tensor. */
function apart(a: HostTensors, b: HostTensors): number {
  const largest = Object.entries(a).map(([name, { data }]) => {
    let [difference, size] = [0, 0];
    data.forEach((value, i) => {
      difference = Math.max(difference, Math.abs(value - b[name]!.data[i]!));
      size = Math.max(size, Math.abs(value));
    });
    return difference / Math.max(1, size);
  });
  return Math.max(...largest);
}

describe('memory of a training step', () => {
  it('is told on shapes alone, grows with the batch, and is not known to the eager engine', async () => {
    const built = await buildModel({ image: new VitDemo(), text: new GptDemo(), model });
    vi.stubEnv('MEDBENCH_MEMORY', '100000');
    const at = async (batchSize: number) =>
      (await stepMemory(built.model, { ...row, training: { ...training, batchSize } }, compiled))!.peakBytes;
    const [small, large] = [await at(16), await at(64)];
    expect(large).toBeGreaterThan(small);
    expect(await stepMemory(built.model, row, new Wasm())).toBeUndefined();
  });

  it('splits a batch that will not fit, says so, and ends with the same weights', async () => {
    const whole = await trained('whole', 100_000);
    expect(whole.record.setup).not.toHaveProperty('chunkSize');
    const { peakBytes } = whole.events[0] as { peakBytes: number };
    const split = await trained('split', peakBytes / 2 ** 20 - 1);
    const { chunkSize } = split.record.setup!;
    expect([1, 2, 4, 8, 16, 32]).toContain(chunkSize);
    expect(split.events[0]).toMatchObject({ chunkSize });
    expect(split.lines.join('\n')).toMatch(
      /would take about \d+ MiB and there are \d+ MiB, so it is split into chunks of/,
    );
    expect(apart(whole.tensors, split.tensors)).toBeLessThan(1e-5);
    expect(apart(whole.tensors, split.tensors)).toBeGreaterThan(0);
  }, 300_000);

  it('names the figures and the settings where no chunk fits, or batch norm keeps it whole', async () => {
    const figures = /clip with training.batchSize=64 would take about [\d,]+ MiB, and there are 100 MiB; /;
    await expect(trained('none', 100)).rejects.toThrow(figures);
    const found = await trained('norms', 100, new ResNetDemo()).catch((error: unknown) => error as Error);
    expect(found).toMatchObject({
      message: expect.stringMatching(figures),
      hint: expect.stringMatching(/encoders.image/),
    });
    expect((found as Error).message).toContain('batch norm');
  }, 300_000);
});
