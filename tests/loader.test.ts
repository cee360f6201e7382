import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const dist = (name: string, entry = 'index'): string =>
  new URL(`../packages/${name}/dist/${entry}.js`, import.meta.url).href;

/** A program that uses the built packages, makes a batch with workers and does not close them. */
const program = (ending: string): string => `
  const { clipTokenizer } = await import('${dist('data')}');
  const { batchLoader } = await import('${dist('training')}');
  const image = { width: 9, height: 9, channels: 1, data: new Uint8Array(81) };
  const pairs = { length: 8, get: async () => ({ image, caption: 'a' }) };
  const tokenizer = clipTokenizer({ merges: 10 });
  const options = { imageSize: 8, contextLength: 8, batchSize: 4, cropScale: [0.9, 1], seed: 1, workers: 2 };
  const load = batchLoader({ ...options, pairs, tokenizer });
  const { images } = await load(0);
  console.log(images.data.length);
  ${ending}
`;

/** A program that uses the built packages, draws inputs with and without workers, and prints whether they are equal. */
const drawing = `
  const { clipTokenizer } = await import('${dist('data')}');
  const { batchLoader } = await import('${dist('training')}');
  const { augmentedView } = await import('${dist('data', 'inputs')}');
  const { keptPatches, shuffledPatches } = await import('${dist('nn', 'inputs')}');
  const image = { width: 19, height: 23, channels: 3, data: Uint8Array.from({ length: 1311 }, (_, i) => i % 251) };
  const pairs = { length: 8, get: async () => ({ image, caption: 'a' }) };
  const inputs = { view: augmentedView(8, { flip: true }), kept: keptPatches(9, 4), order: shuffledPatches(9) };
  const options = { imageSize: 8, contextLength: 8, batchSize: 4, cropScale: [0.9, 1], seed: 1, inputs, pairs };
  const batches = [];
  for (const workers of [0, 2]) {
    const load = batchLoader({ ...options, tokenizer: clipTokenizer({ merges: 10 }), workers });
    const batch = await load(3);
    batches.push(Object.entries(batch).map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]));
    await load.close();
  }
  console.log(batches[0].length, JSON.stringify(batches[0]) === JSON.stringify(batches[1]));
`;

describe('workers of the built loader', () => {
  it.each([
    ['left open', ''],
    ['in the middle of a batch', 'load(1); load(2);'],
    ['closed', 'await load.close();'],
  ])('do not keep the process alive: %s', (_, ending) => {
    const args = ['--input-type=module', '-e', program(ending)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(String(4 * 8 * 8 * 3));
    expect(status).toBe(0);
  });

  it('draw the same inputs of built methods as the main thread', () => {
    const args = ['--input-type=module', '-e', drawing];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    // If a worker could not import the modules, the log would say so.
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('5 true');
  });
});
