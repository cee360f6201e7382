import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sharedData } from '@medbench/data/testing';
import { writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const real = sharedData('pneumoniamnist.npz') && sharedData('vqa-rad/trainset.json');
if (!real) console.warn('The real data sets are not here: their verification is skipped (set MEDBENCH_DATA).');

const run = promisify(execFile);
const cli = join(import.meta.dirname, '../packages/medbench/bin/medbench.js');
let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-verify-'));
  const none = { train: 1, val: 1, test: 1 };
  await writePhantoms(join(root, 'phantoms'), {
    size: 16,
    counts: {
      phantoms: none,
      shapes: { train: 1 },
      pneumonia: none,
      vqaRad: { images: 4, train: 12, test: 4 },
      pathVqa: { train: 10, validation: 2, test: 4 },
      classes: { train: 30, val: 12, test: 30 },
      corpora: { train: 8, test: 8 },
    },
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Outcome {
  readonly id: string;
  readonly verdict: string;
  readonly differences: readonly string[];
  readonly notes: readonly string[];
  readonly problems: readonly {
    readonly severity: string;
    readonly check: string;
    readonly count: number;
    readonly message: string;
    readonly example?: string;
    readonly remedy: string;
  }[];
  readonly splits: readonly { readonly split: string; readonly examples: number }[];
  readonly error?: string;
  readonly obtain?: string;
}
async function medbench(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return {
      code: 0,
      ...(await run(process.execPath, [cli, ...args], {
        env: { ...process.env, NO_COLOR: '1', MEDBENCH_CACHE: join(root, 'cache') },
      })),
    };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
async function verify(data: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await medbench('data', 'verify', '--data', data, '--json', ...args);
  expect(stderr).toBe('');
  const outcomes = (JSON.parse(stdout) as { data: Outcome[] }).data;
  return { code, outcomes, of: (id: string) => outcomes.find((one) => one.id === id)! };
}

describe('medbench data verify', () => {
  it.skipIf(!real)('finds that the real PneumoniaMNIST and VQA-RAD match the published numbers', async () => {
    const folder = join(sharedData('pneumoniamnist.npz')!, '..');
    const { code, of } = await verify(folder, '--tasks', 'pneumoniamnist,vqa-rad');
    expect(code).toBe(0);
    expect(of('pneumoniamnist')).toMatchObject({ verdict: 'ok', differences: [] });
    expect(of('vqa-rad')).toMatchObject({ verdict: 'ok', differences: [] });
    // This copy was assembled from two others: it has the same rows in another order.
    expect(of('pneumoniamnist').notes.join()).toMatch(/not the published file byte for byte/);
    expect((await verify(folder, '--tasks', 'pneumoniamnist', '--checksums')).code).toBe(1);
  });

  const breast = sharedData('breastmnist.npz');
  it.skipIf(!breast)('takes the repacked BreastMNIST for what it is, and finds the image of two splits', async () => {
    const folder = join(breast!, '..');
    const { code, of } = await verify(folder, '--tasks', 'breastmnist');
    expect(code).toBe(0);
    const { verdict, notes, problems } = of('breastmnist');
    expect(verdict).toBe('ok');
    expect(notes.join()).toMatch(/not the published file byte for byte \(MD5\), but all its counts are as published/);
    // NumPy finds the same pair.
    expect(problems).toEqual([
      expect.objectContaining({
        ...{ severity: 'warning', check: 'repeats', count: 1 },
        example: 'test image 76 is train image 115 (counted from 0)',
      }),
    ]);
    expect((await verify(folder, '--tasks', 'breastmnist', '--strict')).code).toBe(1);
  });

  it('looks for the images that a table names, and says where they are', async () => {
    const data = join(root, 'without');
    for (const part of ['roco', 'pmc-oa']) cpSync(join(root, 'phantoms', part), join(data, part), { recursive: true });
    renameSync(join(data, 'pmc-oa/images'), join(data, 'pmc-oa/deep'));
    mkdirSync(join(data, 'pmc-oa/images'));
    renameSync(join(data, 'pmc-oa/deep'), join(data, 'pmc-oa/images/deep'));
    const images = join(data, 'roco/data/train/radiology/images');
    for (const name of readdirSync(images)) rmSync(join(images, name));
    const { code, of } = await verify(data, '--corpora', 'roco,pmc-oa');
    expect(code).toBe(1);
    expect(of('roco')).toMatchObject({
      verdict: 'differs',
      problems: [
        {
          ...{ severity: 'error', check: 'files', count: 8, message: 'train: 8 of 8 images are not there' },
          remedy: expect.stringMatching(/holds no files/),
        },
      ],
    });
    expect(of('pmc-oa').problems[0]!.remedy).toMatch(/It is at .*images.deep.PMC.*jpg: move the images/);
    const text = await medbench('data', 'verify', '--data', data, '--corpora', 'roco');
    expect(text.stdout).toMatch(/✗ train: 8 of 8 images are not there\n +example: .*ROCO_\d+\.jpg\n +.*--skip-bad/);
  });

  it('recognises generated data in every layout, and never reports it as complete', async () => {
    const { code, outcomes } = await verify(join(root, 'phantoms'), '--tasks', 'all', '--corpora', 'all');
    expect(outcomes.filter(({ verdict }) => verdict !== 'generated')).toEqual([]);
    expect(outcomes.length).toBeGreaterThanOrEqual(32);
    expect(code).toBe(0);
    expect((await verify(join(root, 'phantoms'), '--tasks', 'bach')).code).toBe(1);
  });

  it('says where to get missing data, and downloads nothing', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const { code, outcomes, of } = await verify(empty, '--tasks', 'all', '--corpora', 'all');
    expect(new Set(outcomes.map(({ verdict }) => verdict))).toEqual(new Set(['missing']));
    expect(code).toBe(0);
    expect(of('vindr-mammo').obtain).toMatch(/physionet\.org.*signed its agreement/);
    expect(of('mimic-cxr').obtain).toMatch(/credentialed/);
    for (const { obtain } of outcomes) expect(obtain!.length).toBeGreaterThan(20);
    expect((await verify(empty, '--corpora', 'roco')).code).toBe(1);
  });

  it('counts differences and names broken files', async () => {
    const data = join(root, 'some');
    for (const part of ['ham10000', 'roco', 'sicap-v2', 'vqa-rad', 'pcam']) {
      cpSync(join(root, 'phantoms', part), join(data, part), { recursive: true });
    }
    rmSync(join(data, 'ham10000/HAM10000_images_part_1/ISIC_0024306.jpg'));
    writeFileSync(join(data, 'roco/data/train/radiology/captions.txt'), 'ROCO_00001\tMARKERTEXT\nROCO_00002\t\n');
    truncateSync(join(data, 'sicap-v2/SICAPv2/partition/Test/Train.xlsx'), 900);
    const { code, of } = await verify(data, '--tasks', 'ham10000,sicap-v2,vqa-rad', '--corpora', 'roco');
    expect(code).toBe(1);
    expect(of('ham10000')).toMatchObject({
      verdict: 'broken',
      error: expect.stringMatching(/ISIC_0024306\.jpg.*--skip-bad/),
    });
    expect(of('sicap-v2')).toMatchObject({ verdict: 'broken', error: expect.stringMatching(/Train\.xlsx/) });
    expect(of('vqa-rad')).toMatchObject({
      verdict: 'differs',
      differences: [
        expect.stringMatching(/train: 12, published 3064/),
        expect.stringMatching(/test: 4, published 451/),
      ],
    });
    expect(of('roco')).toMatchObject({ verdict: 'broken', error: expect.stringMatching(/row 2 has no text/) });
    const skipping = await verify(data, '--tasks', 'ham10000', '--corpora', 'roco', '--skip-bad');
    expect(skipping.of('ham10000').verdict).toBe('differs');
    expect(skipping.of('ham10000').notes.join()).toMatch(/1 left out: .*ISIC_0024306/);
    expect(skipping.of('roco').splits).toEqual([{ split: 'train', examples: 1, expected: 65_448 }]);
    expect(JSON.stringify(skipping.outcomes)).not.toContain('MARKERTEXT');
  });
});

describe('medbench data info', () => {
  it('prints the card of a task and of a corpus', async () => {
    const task = await medbench('data', 'info', 'ham10000');
    expect(task.stdout).toMatch(
      /HAM10000 \(ham10000\)[\s\S]*doi\.org[\s\S]*5 nv: [\s\S]*6705[\s\S]*dermoscopic photograph of \{\}/,
    );
    const corpus = await medbench('data', 'info', 'mimic-cxr', '--json');
    expect(JSON.parse(corpus.stdout)).toMatchObject({
      kind: 'corpus',
      access: 'credentialed',
      pairs: { train: 368_960 },
    });
    const wrong = await medbench('data', 'info', 'ham1000');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/Did you mean "ham10000"\?/);
  });
});
