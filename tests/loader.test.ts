import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const dist = (name: string): string => new URL(`../packages/${name}/dist/index.js`, import.meta.url).href;

/** A program on the built packages that makes a batch with workers and does not close them. */
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
});
