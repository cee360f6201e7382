import { cpSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';
import { providePhantoms } from './support/phantoms.js';

const folder = temporaryFolder('content-keys');
const cwd = folder.path;
const ROCO = join(cwd, 'data', 'roco', 'data');
beforeAll(async () => {
  await providePhantoms(join(cwd, '.medbench'));
  cpSync(join(cwd, '.medbench', 'phantoms', 'roco'), join(cwd, 'data', 'roco'), { recursive: true });
  const first = await run();
  expect(first.stderr).not.toContain('failed');
  expect(first.code).toBe(0);
});
afterAll(() => folder.dispose());

const ARGS = [
  ...['run', '--methods=clip-scratch', '--tasks=roco-retrieval', '--data=data', '--out=out', '--jobs=1'],
  ...['--set=corpora=["roco"]', '--set=controls=[]', '--set=model.merges=500', ...TINY],
];
const run = () => medbench(ARGS, { cwd });

/** Replaces the largest image file of a split by the smallest, in place, with the size and the time that it had. */
function mend(split: string): void {
  const images = join(ROCO, split, 'radiology', 'images');
  const files = readdirSync(images).map((name) => join(images, name));
  const bySize = files.map((file) => ({ file, ...statSync(file) })).sort((a, b) => a.size - b.size);
  const [smallest, largest] = [bySize[0]!, bySize.at(-1)!];
  const { size, atime, mtime } = statSync(largest.file);
  const bytes = readFileSync(smallest.file);
  // Bytes behind the end marker of a JPEG belong to no image.
  writeFileSync(largest.file, Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]));
  utimesSync(largest.file, atime, mtime);
}

describe('a run on data that it has measured', () => {
  it('reuses everything as long as nothing changes', async () => {
    const { stderr } = await run();
    expect(stderr).toContain('train clip-scratch: already done');
    expect(stderr).toMatch(/clip-scratch \/ roco-retrieval .*\(reused\)/);
  });

  it('measures anew if a test image was mended in place, and trains nothing', async () => {
    mend('test');
    const { stderr } = await run();
    expect(stderr).toContain('train clip-scratch: already done');
    expect(stderr).not.toContain('(reused)');
    expect((await run()).stderr).toContain('(reused)');
  });

  it('trains anew if an image of the corpus was replaced', async () => {
    mend('train');
    const { stderr } = await run();
    expect(stderr).toContain('train clip-scratch: done in');
    expect(stderr).not.toContain('(reused)');
    expect((await run()).stderr).toContain('train clip-scratch: already done');
  });
});
