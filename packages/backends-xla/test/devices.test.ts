import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eagerSession } from '@medbench/backend-kit';
import { activateWasm } from '@medbench/backends-wasm';
import { elementCount, type HostTensors, type LoadOptions, type Program, type Session } from '@medbench/core';
import { integers, normal } from '@medbench/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDevice } from '../src/device.js';
import { XlaCpu, XlaPlugin } from '../src/plugin.js';
import { traceProgram } from '../src/trace.js';
import { cpuPlugin } from './cpu-plugin.js';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const [ROWS, SIDE, WIDTH, WORDS, LENGTH, QUEUE] = [8, 6, 4, 9, 3, 12];

const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.norm(x, 2, 1, true));

/**
 * A step of contrastive training with all that looks beyond a row: batch norm over the batch with running statistics,
 * embeddings of words (whose gradient is a scatter), negatives from the batch and from a queue.
 */
const contrastive: Program = {
  name: 'contrastive',
  state: {
    image: float(SIDE, WIDTH),
    words: float(WORDS, WIDTH),
    mean: float(WIDTH),
    queue: float(QUEUE, WIDTH),
  },
  inputs: { images: float(ROWS, SIDE), ids: { shape: [ROWS, LENGTH], dtype: 'int32' }, rate: float() },
  selfCheck: ['loss', 'image'],
  run(state, { images, ids, rate }) {
    const { mean, queue } = state as { mean: tf.Tensor; queue: tf.Tensor };
    const embed = (image: tf.Tensor, words: tf.Tensor) => {
      const projected = tf.matMul(images!, image);
      const centre = tf.mean(projected, 0);
      const variance = tf.mean(tf.square(tf.sub(projected, centre)), 0);
      const texts = tf.reshape(tf.gather(words, tf.reshape(ids!, [-1])), [ROWS, LENGTH, WIDTH]);
      const embedded = unit(tf.div(tf.sub(projected, centre), tf.sqrt(tf.add(variance, 1e-5))));
      return { images: embedded, texts: unit(tf.mean(texts, 1)), centre };
    };
    const computeLoss = (image: tf.Tensor, words: tf.Tensor): tf.Scalar => {
      const { images: x, texts: y } = embed(image, words);
      const logits = tf.mul(tf.matMul(x, tf.concat([y, queue]), false, true), 5);
      const own = tf.mul(tf.sum(tf.mul(x, y), 1), 5);
      return tf.mean(tf.sub(tf.logSumExp(logits, 1), own));
    };
    const { value, grads } = tf.valueAndGrads(computeLoss)([state.image!, state.words!]);
    const { texts, centre } = embed(state.image!, state.words!);
    return {
      state: {
        image: tf.sub(state.image!, tf.mul(grads[0]!, rate!)),
        words: tf.sub(state.words!, tf.mul(grads[1]!, rate!)),
        mean: tf.add(tf.mul(mean, 0.9), tf.mul(centre, 0.1)),
        queue: tf.concat([texts, tf.slice(queue, [0, 0], [QUEUE - ROWS, WIDTH])]),
      },
      outputs: { loss: value },
    };
  },
};
const START: HostTensors = Object.fromEntries(
  Object.entries(contrastive.state).map(([name, { shape }]) => [name, normal(name, [...shape])]),
);
const batch = (i: number): HostTensors => ({
  images: normal(`images ${i}`, [ROWS, SIDE]),
  ids: integers(`ids ${i}`, [ROWS, LENGTH], WORDS),
  rate: { ...float(), data: Float32Array.of(0.1) },
});

async function train(session: Session, from: number, to: number) {
  try {
    const losses: number[] = [];
    for (let i = from; i < to; i++) losses.push((await session.step(batch(i))).loss!.data[0]!);
    return { losses, state: await session.readState() };
  } finally {
    await session.dispose();
  }
}

function expectClose(found: Awaited<ReturnType<typeof train>>, expected: typeof found): void {
  for (const [i, loss] of expected.losses.entries()) expect(Math.abs(found.losses[i]! - loss)).toBeLessThan(1e-6);
  for (const [name, { data }] of Object.entries(expected.state))
    data.forEach((value, i) => {
      expect(Math.abs(found.state[name]!.data[i]! - value), name).toBeLessThan(1e-6);
    });
}

describe('a program for several devices', () => {
  it('divides the rows of its inputs, and has state and results whole on each', async () => {
    const { text } = await traceProgram(contrastive, { devices: 4 });
    expect(text).toContain('sdy.mesh @devices = <["device"=4]>');
    const [head] = text.match(/func\.func .*/)!;
    const placed = [...head.matchAll(/(%arg\d+: )?tensor<(\S+)> \{.*?sdy\.sharding<@devices, (\[.*?\])>\}/g)];
    const of = (argument: boolean) =>
      placed.filter(([, name]) => Boolean(name) === argument).map((one) => one.slice(2));
    expect(of(true)).toEqual([
      ['6x4xf32', '[{}, {}]'],
      ['9x4xf32', '[{}, {}]'],
      ['4xf32', '[{}]'],
      ['12x4xf32', '[{}, {}]'],
      ['8x6xf32', '[{"device"}, {}]'],
      ['8x3xi32', '[{"device"}, {}]'],
      ['f32', '[]'],
    ]);
    expect(of(false).map(([, where]) => where)).toEqual(['[{}, {}]', '[{}, {}]', '[{}]', '[{}, {}]', '[]']);
  });

  it('is the program of one device, where there is one or none is asked for', async () => {
    const { text } = await traceProgram(contrastive);
    expect(text).not.toContain('sdy');
    expect((await traceProgram(contrastive, { devices: 1 })).text).toBe(text);
  });

  it('has inputs whole on each device whose rows these cannot divide', async () => {
    const { text } = await traceProgram(contrastive, { devices: 3 });
    expect(text).toContain('@devices');
    expect(text).not.toContain('{"device"}');
  });
});

describe.skipIf(!cpuPlugin)('a training on two devices', () => {
  let cache: string;
  const lines: string[] = [];
  const load = (state: HostTensors, options: LoadOptions = {}) =>
    new XlaCpu().load(contrastive, state, { devices: 2, cache, log: (line) => lines.push(line), ...options });
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'devices-'));
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));

  it('has the losses, the weights and the statistics of the eager backend on the whole batch, and resumes to the same bits', async () => {
    const whole = await train(await load(START), 0, 5);
    expectClose(whole, await train(await eagerSession(contrastive, START, { activate: activateWasm }), 0, 5));
    expect(lines[1]).toMatch(/agrees with the eager reference in 2 tensors/);
    const { state } = await train(await load(START), 0, 2);
    expect((await train(await load(state), 2, 5)).state).toEqual(whole.state);
    expect(lines.filter((line) => / loaded in /.test(line))).toHaveLength(2);
  });

  it('shares its state with programs on the same devices', async () => {
    const reading: Program = {
      ...{ name: 'reading', state: contrastive.state, inputs: { images: float(ROWS, SIDE) } },
      run: ({ image }, { images }) => ({ outputs: { y: tf.matMul(images!, image!) } }),
    };
    const owner = await load(START);
    const reader = await new XlaCpu().load(reading, {}, { share: owner });
    const { y } = await reader.step({ images: batch(0).images! });
    const eager = await eagerSession(reading, START, { activate: activateWasm });
    const expected = (await eager.step({ images: batch(0).images! })).y!;
    expected.data.forEach((value, i) => {
      expect(y!.data[i]).toBeCloseTo(value, 5);
    });
    for (const session of [owner, reader, eager]) await session.dispose();
  });
});

it.skipIf(!cpuPlugin)('each device has the whole state in its memory, and its share of the inputs', async () => {
  const client = await openDevice({ path: cpuPlugin!, options: { cpu_device_count: 2 }, threads: 2 });
  const { text } = await traceProgram(contrastive, { devices: 2 });
  const executable = await client.compile(text, { devices: client.deviceIds });
  const state = Object.values(contrastive.state).reduce((sum, spec) => sum + 4 * elementCount(spec.shape), 0);
  const rows = 4 * ROWS * (SIDE + LENGTH);
  expect(executable.memory().argument).toBe(state + rows / 2 + 4);
  executable.destroy();
});

it.skipIf(!cpuPlugin).each([1, 2])(
  'the memory of the process has the state of each of %i devices, and two batches',
  async (devices) => {
    const { bytes, garbageBytes, stateBytes, outputs } = await new XlaCpu().estimate(contrastive, { devices });
    const state = Object.values(contrastive.state).reduce((sum, spec) => sum + 4 * elementCount(spec.shape), 0);
    const inputs = 4 * ROWS * (SIDE + LENGTH) + 4 * devices;
    // The loss is the one output that takes no memory of the state.
    const loss = bytes - garbageBytes - devices * state - 2 * inputs;
    expect(loss).toBeGreaterThanOrEqual(4 * devices);
    // A tuple holds the addresses of the outputs.
    expect(loss).toBeLessThan(100 * devices);
    expect({ stateBytes, outputs }).toEqual({ stateBytes: 0, outputs: { loss: float() } });
  },
);

it.skipIf(!cpuPlugin)('the CPU has virtual devices, and says how many at most', async () => {
  expect(await new XlaCpu().status()).toMatchObject({
    devices: 64,
    reason: expect.stringContaining('works on cpu, up to 64 virtual devices ('),
  });
});

it.skipIf(!cpuPlugin)('a plugin with too few devices is refused, and says how many it has', async () => {
  vi.stubEnv('MEDBENCH_XLA_PLUGIN', cpuPlugin);
  try {
    const backend = new XlaPlugin();
    const { devices, reason } = await backend.status();
    expect(reason).toContain(`works on cpu, ${devices} devices (`);
    await expect(backend.load(contrastive, START, { devices: devices! + 1 })).rejects.toMatchObject({
      code: 'backend',
      message: `cpu has ${devices} devices here, not ${devices! + 1}`,
      hint: expect.stringContaining('training.devices'),
    });
  } finally {
    vi.unstubAllEnvs();
  }
});
