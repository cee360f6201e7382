import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadOptions, Program } from '@medbench/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Compiled } from '../src/index.js';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const tensor = (shape: number[], values: number[]) => ({ ...float(...shape), data: Float32Array.from(values) });

/** Halves w at each step; y is x times the w before that. */
const program: Program = {
  name: 'halving',
  state: { w: float(2) },
  inputs: { x: float(2) },
  run: ({ w }, { x }) => ({ state: { w: tf.mul(w!, 0.5) }, outputs: { y: tf.mul(x!, w!) } }),
};

let cache: string;
let messages: string[];
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'graphs-'));
  messages = [];
});
afterEach(() => rm(cache, { recursive: true, force: true }));

async function run(counted: Program = program): Promise<number[]> {
  const session = await new Compiled().load(
    counted,
    { w: tensor([2], [2, 4]) },
    { cache, log: (message) => messages.push(message) },
  );
  try {
    const x = tensor([2], [1, 10]);
    const [first, second] = [await session.step({ x }), await session.step({ x })];
    return [...(first.y!.data as Float32Array), ...(second.y!.data as Float32Array)];
  } finally {
    await session.dispose();
  }
}
const EXPECTED = [2, 40, 1, 20];
const folder = () => join(cache, 'graphs');
const files = () => readdir(folder());

describe('graphs cached on disk', () => {
  it('are written once, give the same numbers, and save the second recording of an unchanged program', async () => {
    let recordings = 0;
    const counted: Program = {
      ...program,
      run: (...args) => {
        recordings++;
        return program.run(...args);
      },
    };
    expect(await run(counted)).toEqual(EXPECTED);
    expect(recordings).toBe(2);
    expect(await files()).toHaveLength(1);
    expect(await run(counted)).toEqual(EXPECTED);
    expect(recordings).toBe(3);
    expect(await files()).toHaveLength(1);
    expect(messages.filter((message) => message.includes('cached'))).toEqual([]);
  });

  it('are compared with the eager reference once, whatever the weights', async () => {
    let runs = 0;
    const counted: Program = {
      ...program,
      selfCheck: ['y', 'w'],
      run: (...args) => {
        runs++;
        return program.run(...args);
      },
    };
    const stepOnce = async (w: number[], options: LoadOptions): Promise<number> => {
      runs = 0;
      const log = (message: string) => messages.push(message);
      const session = await new Compiled().load(counted, { w: tensor([2], w) }, { ...options, log });
      const recordings = runs;
      await session.step({ x: tensor([2], [1, 10]) });
      await session.dispose();
      return runs - recordings;
    };
    expect(await stepOnce([2, 4], { cache })).toBe(1);
    expect(await stepOnce([3, 5], { cache })).toBe(0);
    expect(messages.at(-1)).toBe('halving: the same graph has agreed with the eager reference here before');
    // Without a folder nothing is remembered.
    expect(await stepOnce([3, 5], {})).toBe(1);
    await rm(cache, { recursive: true });
    expect(await stepOnce([3, 5], { cache })).toBe(1);
  });

  it('are separate for each program', async () => {
    await run();
    const other: Program = { ...program, run: ({ w }, { x }) => ({ outputs: { y: tf.add(x!, w!) } }) };
    expect(await run(other)).toEqual([3, 14, 3, 14]);
    expect(await files()).toHaveLength(2);
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['noise', (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
    ['corrupt in one byte', (bytes: Buffer) => bytes.map((byte, i) => (i === bytes.length - 40 ? byte ^ 255 : byte))],
  ] as const)('are compiled again with a message if the file is %s', async (_, damage) => {
    await run();
    const [name] = (await files()) as [string];
    const file = join(folder(), name);
    const original = await readFile(file);
    await writeFile(file, damage(original));
    expect(await run()).toEqual(EXPECTED);
    expect(messages.filter((message) => message.includes(`${file} cannot be used`))).toHaveLength(1);
    expect((await readFile(file)).length).toBe(original.length);
  });

  it('are compiled again if the file belongs to another graph', async () => {
    await run();
    const [first] = (await files()) as [string];
    await run({ ...program, run: ({ w }, { x }) => ({ outputs: { y: tf.add(x!, w!) } }) });
    const second = (await files()).find((name) => name !== first)!;
    await writeFile(join(folder(), first), await readFile(join(folder(), second)));
    expect(await run()).toEqual(EXPECTED);
    expect(messages.join()).toContain('it belongs to another program');
  });

  it('are not cached if the folder cannot be made', async () => {
    await writeFile(folder(), 'a file');
    expect(await run()).toEqual(EXPECTED);
  });
});

describe('a fixed state', () => {
  it('is built into the graph, gives the same numbers, and can be read back', async () => {
    const scaled: Program = {
      name: 'scaled',
      state: { w: float(2, 2) },
      inputs: { x: float(1, 2) },
      selfCheck: ['y'],
      run: ({ w }, { x }) => ({ outputs: { y: tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D) } }),
    };
    const w = tensor([2, 2], [1, 2, 3, 4]);
    const session = await new Compiled().load(scaled, { w }, { fixed: true });
    expect([...(await session.step({ x: tensor([1, 2], [1, 10]) })).y!.data]).toEqual([31, 42]);
    expect([...(await session.readState()).w!.data]).toEqual([1, 2, 3, 4]);
    await session.dispose();
  });
});
