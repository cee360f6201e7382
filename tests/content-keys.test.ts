import { cpSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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

const WEIGHTS = 'checkpoints/clip-scratch/seed-0/weights.safetensors';
const CELL = 'cells/clip-scratch/roco-retrieval/seed-0.json';

/** The verdict of `medbench verify` on each file, and its exit code. */
async function verify(): Promise<Record<string, unknown>> {
  const { code, stdout } = await medbench(['verify', 'out', '--json'], { cwd });
  const files = JSON.parse(stdout) as { file: string; state: string; changed: string[] }[];
  return Object.fromEntries([
    ['code', code],
    ...files.map(({ file, state, changed }) => [file, [state, ...changed].join(' ')]),
  ]);
}

/** Replaces the largest image file of a split by the smallest, in place, with the size and the time that it had. */
function overwrite(split: string): void {
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
    expect(await verify()).toEqual({ code: 0, [WEIGHTS]: 'current', [CELL]: 'current' });
  });

  it('measures anew if a test image was overwritten in place, and trains nothing', async () => {
    overwrite('test');
    expect(await verify()).toEqual({ code: 1, [WEIGHTS]: 'current', [CELL]: 'outdated data' });
    const { stderr } = await run();
    expect(stderr).toContain('train clip-scratch: already done');
    expect(stderr).not.toContain('(reused)');
    expect((await run()).stderr).toContain('(reused)');
  });

  it('trains anew if an image of the corpus was replaced', async () => {
    overwrite('train');
    // The cell is of weights that are no longer those of this corpus.
    expect(await verify()).toEqual({ code: 1, [WEIGHTS]: 'outdated corpus', [CELL]: 'outdated row' });
    const { stderr } = await run();
    expect(stderr).toContain('train clip-scratch: done in');
    expect(stderr).not.toContain('(reused)');
    expect((await run()).stderr).toContain('train clip-scratch: already done');
    expect(await verify()).toEqual({ code: 0, [WEIGHTS]: 'current', [CELL]: 'current' });
  });

  it('is told by verify of other settings, and of files that are damaged or missing', async () => {
    const settings = join(cwd, 'out', 'run.json');
    const intact = readFileSync(settings, 'utf8');
    writeFileSync(settings, intact.replace('"steps": 12', '"steps": 13'));
    expect(await verify()).toEqual({ code: 1, [WEIGHTS]: 'outdated training', [CELL]: 'outdated row' });
    writeFileSync(settings, intact);
    writeFileSync(join(cwd, 'out', WEIGHTS), 'x');
    rmSync(join(cwd, 'out', CELL));
    expect(await verify()).toEqual({ code: 1, [WEIGHTS]: 'damaged', [CELL]: 'missing' });
    expect(readdirSync(join(cwd, 'out', 'cells', 'clip-scratch', 'roco-retrieval'))).toEqual([]);
  });
});
