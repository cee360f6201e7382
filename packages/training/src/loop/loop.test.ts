import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor, HostTensors, TrainRequest } from '@medbench/core';
import { afterAll, describe, expect, it } from 'vitest';
import type { LoadedStep } from '../step/training-step.js';
import { runSteps } from './loop.js';
import { costMeter } from './meter.js';
import { NO_STANDING } from './validation.js';

const folder = mkdtempSync(join(tmpdir(), 'medbench-loop-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STEPS = 4;
const scalar = (value: number): HostTensor => ({ shape: [], dtype: 'float32', data: Float32Array.of(value) });
const numberOf = (batch: HostTensors): number => batch.number!.data[0]!;
const request = {
  ...{ row: 'clip', seed: 1, key: 'k', folder, signal: new AbortController().signal },
  training: { steps: STEPS, batchSize: 2, logEvery: 1, checkpointEvery: 100, validation: {} },
  event: () => {},
  progress: () => {},
} as unknown as TrainRequest;

/** Runs steps on a session that notes what is asked of it, and when a step ends. A step takes longer than all else. */
async function run(session: Partial<LoadedStep>, events: string[]) {
  const load = Object.assign(async (number: number) => ({ number: scalar(number) }), {
    ...{ ahead: 2, order: () => new Int32Array(8), recycle: () => {}, close: async () => {} },
  });
  const step = async (batch: HostTensors) => {
    events.push(`step ${numberOf(batch)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    events.push(`end ${numberOf(batch)}`);
    return { loss: scalar(numberOf(batch)), gradientNorm: scalar(1) };
  };
  const loaded: LoadedStep = {
    ...{ step, readState: async () => ({}), evaluate: async () => 0, dispose: async () => {} },
    ...session,
  };
  const resources = { load, indices: new Int32Array(8), validator: undefined, validateEvery: 100, meter: costMeter() };
  const from = { step: 0, seconds: 0, curve: [], standing: NO_STANDING, ended: false, state: {} };
  return runSteps(request, loaded, resources, from, STEPS);
}

describe('the loop of a training', () => {
  it('sends each batch while the step before it runs, and no earlier', async () => {
    const events: string[] = [];
    const send = async (batch: HostTensors) => {
      events.push(`send ${numberOf(batch)}`);
    };
    const { curve } = await run({ send }, events);
    expect(curve.map(({ loss }) => loss)).toEqual([0, 1, 2, 3]);
    for (let i = 1; i < STEPS; i++) {
      expect(events.indexOf(`send ${i}`)).toBeLessThan(events.indexOf(`end ${i - 1}`));
      if (i > 1) expect(events.indexOf(`send ${i}`)).toBeGreaterThan(events.indexOf(`end ${i - 2}`));
    }
    expect(events.filter((event) => event.startsWith('send'))).toHaveLength(STEPS);
  });

  it('ends with the error of a batch that cannot be sent, after the steps before it', async () => {
    const events: string[] = [];
    const send = async (batch: HostTensors) => {
      if (numberOf(batch) === 2) throw new Error('the device is full');
    };
    await expect(run({ send }, events)).rejects.toThrow('the device is full');
    expect(events.at(-1)).toBe('end 1');
  });
});
