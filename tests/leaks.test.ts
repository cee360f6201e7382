import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LeakCounts, RunResults } from '@medbench/core';
import { decodeImage, encodeJpeg } from '@medbench/data';
import { readNpz, writeNpz } from '@medbench/formats';
import { writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { medbench, TINY, temporaryFolder } from './support/cli.js';

const folder = temporaryFolder('leaks');
const cwd = folder.path;
const file = join(cwd, 'data', 'pneumoniamnist.npz');
afterAll(() => folder.dispose());

/** Runs the majority control alone, because leaks depend on the data and not on the row. */
async function findLeaks(task: string, out: string, ...settings: string[]) {
  const args = ['run', '--set=methods=[]', '--set=controls=["majority"]', `--tasks=${task}`, '--data=data'];
  const { code, stdout } = await medbench([...args, `--out=${out}`, ...settings], { cwd });
  expect(code).toBe(0);
  const results = JSON.parse(readFileSync(join(cwd, out, 'results.json'), 'utf8')) as RunResults;
  const [cell] = results.cells;
  const of = (place: LeakCounts['of']) => cell!.leaks!.find((one) => one.of === place);
  return { stdout, of, notes: (cell!.notes ?? []).filter((note) => note.startsWith('leak:')) };
}

describe('the leaks that a run reports', () => {
  beforeAll(async () => {
    const few = { train: 10, val: 10, test: 10 };
    await writePhantoms(join(cwd, 'data'), {
      counts: {
        phantoms: few,
        shapes: few,
        pneumonia: { train: 80, val: 20, test: 40 },
        vqaRad: { images: 10, train: 20, test: 10 },
        pathVqa: { train: 10, validation: 10, test: 10 },
        classes: { train: 60, val: 10, test: 30 },
        corpora: { train: 10, test: 10 },
      },
    });
  }, 120_000);

  it('are none where the splits are clean', async () => {
    const { of, notes, stdout } = await findLeaks('pneumoniamnist', 'clean');
    expect(of('train')).toEqual({ of: 'train', compared: 80, groups: null, identical: 0, near: 0 });
    expect(of('val')).toMatchObject({ compared: 20, identical: 0, near: 0 });
    expect(notes).toEqual([]);
    expect(stdout).not.toContain('leak');
  });

  it('include an identical image and one that was encoded again', async () => {
    const arrays = await readNpz(file);
    const [train, test] = [arrays.train_images!, arrays.test_images!];
    const size = 28 * 28;
    const pixels = (i: number) => train.data.subarray(i * size, (i + 1) * size) as Uint8Array;
    const image = { width: 28, height: 28, channels: 1, data: Uint8Array.from(pixels(5)) } as const;
    const again = await decodeImage(await encodeJpeg(image, 80));
    const grey = again.channels === 1 ? again.data : again.data.filter((_, i) => i % again.channels === 0);
    expect(grey).not.toEqual(image.data);
    (test.data as Uint8Array).set(grey, 7 * size);
    (test.data as Uint8Array).set(pixels(9), 11 * size);
    await writeNpz(file, arrays);
    const { of, notes, stdout } = await findLeaks('pneumoniamnist', 'planted');
    expect(of('train')).toMatchObject({ identical: 1, near: 1 });
    expect(of('val')).toMatchObject({ identical: 0, near: 0 });
    expect(notes).toHaveLength(1);
    expect(stdout).toMatch(
      /Warning, leak: the training split has seen test images, of 40: 1 pixel for pixel, 1 in all but encoding/,
    );
    const { report } = JSON.parse(readFileSync(join(cwd, 'planted/leaks/pneumoniamnist.json'), 'utf8'));
    expect(report.train).toMatchObject({ identical: [[11, 9]], near: [[7, 5]] });
  });

  it('include a patient who is in both splits', async () => {
    const grouped = await findLeaks('pad-ufes-20', 'grouped');
    expect(grouped.of('train')!.groups).toBe(0);
    const leaking = await findLeaks('pad-ufes-20', 'paper-like', '--set=taskSettings.pad-ufes-20.split=paper-like');
    expect(leaking.of('train')!.groups).toBeGreaterThan(0);
    expect(leaking.notes[0]).toMatch(/the training split has seen .* by showing a patient, lesion or slide of it/);
  });

  it('include test images of the corpus by whose loss weights are kept', async () => {
    const gallery = join(cwd, 'data', 'roco', 'data', 'test', 'radiology', 'images');
    const figure = join(cwd, 'data', 'pmc-oa', 'images', 'PMC2000000_Fig1_1.jpg');
    copyFileSync(join(gallery, readdirSync(gallery).sort()[4]!), figure);
    const { of, notes } = await findLeaks(
      'roco-retrieval',
      'validation',
      ...[...TINY, '--set=methods=["clip-scratch"]', '--set=training.steps=0', '--set=corpora=["pmc-oa"]'],
      '--set=training.validation.corpus=pmc-oa:split=valid',
    );
    expect(of('corpus')).toMatchObject({ compared: 10, identical: 0, near: 0 });
    expect(of('validation')).toMatchObject({ compared: 3, identical: 1, near: 0 });
    expect(notes).toEqual([
      expect.stringMatching(
        /the validation corpus, by whose loss weights are kept, has seen test images, of 10: 1 pixel/,
      ),
    ]);
  }, 120_000);
});
