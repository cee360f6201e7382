import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTorch } from './torch.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/torch/${name}`, import.meta.url));
/** Values by torch (`scripts/oracles/data_torch.py`), as floats. */
const expected = JSON.parse(readFileSync(fixture('values.json'), 'utf8')) as Readonly<
  Record<string, { readonly dtype: string; readonly shape: number[]; readonly hex: string }>
>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medbench-torch-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['archive.pt', 'legacy.pt'])('readTorch of %s', (name) => {
  it('gives every tensor with its type, shape and bytes, views and parameters among them', async () => {
    const tensors = await readTorch(fixture(name));
    const found = Object.entries(tensors).map(([key, { dtype, shape, bytes }]) => [
      key,
      { dtype, shape, hex: Buffer.from(bytes).toString('hex') },
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('refuses a file that was cut short, by name', async () => {
    const bytes = readFileSync(fixture(name));
    for (const share of [0.3, 0.9]) {
      const path = join(folder, `cut-${share}-${name}`);
      await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * share)));
      await expect(readTorch(path)).rejects.toThrow(expect.objectContaining({ name: 'MedbenchError', code: 'data' }));
    }
  });
});

it('runs nothing: a call of anything but tensors is refused by name', async () => {
  await expect(readTorch(fixture('call.pt'))).rejects.toThrow(/holds more than tensors by name: (posix|nt) system/);
  await expect(readTorch(join(folder, 'nowhere.pt'))).rejects.toThrow('nowhere.pt');
});
