import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hashFile, type RunResults, seal } from '@medbench/core';
import { compareRuns } from '@medbench/evaluation';
import { openParquet } from '@medbench/formats';
import { readResults, readResultsFolder } from '@medbench/report';
import { encodeScores, findScores, readScoreFile, readScores } from '@medbench/runner/scores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MARKER, madeRun } from '../../test/made-run.js';
import { checkOutgoing } from '../outgoing/check.js';
import { LocalPaths } from '../outgoing/local-paths.js';
import { verifyResults } from './verify.js';
import { writeResultsFolder } from './write.js';

let root: string;
let results: RunResults;
const run = () => join(root, 'run');
const passedOn = () => join(root, 'passed-on');

const write = async (folder: string, from: string, of: RunResults): Promise<string[]> =>
  writeResultsFolder(
    folder,
    {
      ...{ results: of, find: await findScores(from, of), splits: {} },
      prompts: { 'open-classes': { classes: ['none'], phrases: ['no finding'], templates: ['a scan of {}'] } },
      paths: new LocalPaths([from]),
    },
    { repository: 'lab/results' },
  );

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-passed on-'));
  results = await madeRun(run());
  await write(passedOn(), run(), results);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile());

describe('a results folder', () => {
  it('is compared as the run is: with the same differences, intervals and p', async () => {
    const other = join(root, 'other');
    const otherResults = await madeRun(other, 'another');
    const scores = [await readScores(run(), results), await readScores(other, otherResults)] as const;
    const expected = compareRuns(...scores);
    expect(expected.tested).toBe(4);
    const read = await readScores(passedOn(), await readResults(passedOn()));
    expect(compareRuns(read, scores[1])).toEqual(expected);
    expect(compareRuns(read, scores[0]).cells.map(({ difference }) => difference)).toEqual(Array(6).fill(0));
  });

  it('is read by a leaderboard as the run is', async () => {
    const [passed, original] = [await readResultsFolder(passedOn()), await readResultsFolder(run())];
    expect(passed.checked).toEqual(original.checked);
    expect(passed.columns.map(({ task, protocol, rows }) => [task, protocol, rows])).toEqual(
      original.columns.map(({ task, protocol, rows }) => [task, protocol, rows]),
    );
  });

  it('holds no marker, no path of this machine, and no number of a patient', async () => {
    const files = filesBelow(passedOn());
    expect(files.length).toBe(6);
    for (const file of files) {
      const content = readFileSync(file);
      for (const text of [MARKER, root, 'private/w', '1000000'])
        expect(content.includes(text), `${file}: ${text}`).toBe(false);
    }
    const { run: info } = await readResults(passedOn());
    expect(info.settings).toMatchObject({ dataRoot: '(local path)', 'general.weights': '(local path)' });
    expect(info.command).toBe('medbench run --data (local path) --out=(local path)');
  });

  it('has labels and predictions of open data, and of data under an agreement the scores alone', async () => {
    const [open] = await readScoreFile(join(passedOn(), 'scores/open-classes.parquet'));
    const { result } = (await findScores(run(), results))(results.cells[0]!)!;
    expect(open!.result).toMatchObject({
      labels: result.labels,
      predictions: result.predictions,
      perExample: result.perExample,
      parts: result.parts,
    });
    expect(new Set(open!.result.groups)).toEqual(new Set(Array.from({ length: 20 }, (_, i) => i)));
    const table = await openParquet([join(passedOn(), 'scores/closed-questions.parquet')]);
    const lines = await table.rows(['label', 'prediction', 'hit']);
    expect(lines).toHaveLength(3 * 3 * 60);
    for (const { label, prediction, hit } of lines)
      expect([label, prediction, typeof hit]).toEqual([null, null, 'number']);
    const cells = (await readResults(passedOn())).cells;
    expect(cells.filter(({ task }) => task === 'closed-questions').flatMap(({ notes = [] }) => notes)).toEqual([]);
    expect(cells[0]!.notes).toEqual(['12 prompts for 3 classes']);
    expect(cells.at(-1)!.error).toBe('the reason is not passed on');
  });

  it('has the same bytes when it is written again', async () => {
    const again = join(root, 'again');
    for (const name of await write(again, run(), results)) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(passedOn(), name))), name).toBe(true);
    }
  });
});

/** Copies the results folder with one file changed, and a manifest that agrees with the change if `resealed`. */
async function changed(
  name: string,
  file: string,
  change: (bytes: Buffer) => Uint8Array | string | Promise<Uint8Array>,
  resealed = true,
) {
  const folder = join(root, name);
  for (const path of filesBelow(passedOn())) {
    const target = path.replace(passedOn(), folder);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readFileSync(path));
  }
  writeFileSync(join(folder, file), await change(readFileSync(join(folder, file))));
  if (resealed) {
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const bytes = statSync(join(folder, file)).size;
    manifest.files[file] = { bytes, sha256: await hashFile(join(folder, file)) };
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(seal(manifest)));
  }
  return folder;
}

const changeResults = (change: (cells: RunResults['cells'], results: RunResults) => void) => (bytes: Buffer) => {
  const value = JSON.parse(bytes.toString()) as RunResults;
  change(value.cells, value);
  return JSON.stringify(seal(value));
};
type Editable = { value: number; ci95: [number, number]; metrics: Record<string, { value: number; ci95: number[] }> };

describe('verifying a results folder', () => {
  it('computes the figures anew, and finds that they follow from the scores', async () => {
    const { files, recomputed, withoutScores, differences } = await verifyResults(passedOn());
    expect(files.map(({ state }) => state)).toEqual(Array(5).fill('intact'));
    expect({ withoutScores, differences }).toEqual({ withoutScores: [], differences: [] });
    expect(recomputed).toBeGreaterThan(200);
  });

  it('names a file that was changed, and one that nobody listed', async () => {
    const folder = await changed('edited', 'prompts.json', (bytes) => `${bytes} `, false);
    writeFileSync(join(folder, 'more.txt'), 'x');
    const { files } = await verifyResults(folder);
    expect(files.filter(({ state }) => state !== 'intact')).toEqual([
      { file: 'prompts.json', state: 'damaged' },
      { file: 'more.txt', state: 'unlisted' },
    ]);
    const scores = await changed(
      'edited-scores',
      'scores/open-classes.parquet',
      (bytes) => bytes.fill(7, 50, 60),
      false,
    );
    await expect(readScores(scores, results)).rejects.toThrow(/scores\/open-classes\.parquet is damaged/);
  });

  it.each([
    [
      'a figure',
      (cell: Editable) => Object.assign(cell, { value: cell.value + 0.01 }),
      /clip on open-classes \(zero-shot, seed 0\): accuracy of the table is/,
    ],
    ['an interval', (cell: Editable) => Object.assign(cell.ci95, [cell.ci95[0] + 0.01]), /lower end of the table is/],
    [
      'a metric',
      (cell: Editable) => Object.assign(cell.metrics.rare_recall!, { value: 0.123 }),
      /rare_recall is 0\.123, and the scores give/,
    ],
  ])('names %s that was changed, though all digests agree', async (what, change, message) => {
    const folder = await changed(
      `forged ${what}`,
      'results.json',
      changeResults((cells) => change(cells[0] as unknown as Editable)),
    );
    const { files, differences } = await verifyResults(folder);
    expect(files.every(({ state }) => state === 'intact')).toBe(true);
    expect(differences.join('\n')).toMatch(message);
  });

  it('names a test that was changed, and a score', async () => {
    const tests = changeResults((_, { statistics }) => {
      (statistics!.columns[0]!.againstBest[0] as { pValue: number }).pValue = 0.5;
    });
    expect((await verifyResults(await changed('forged test', 'results.json', tests))).differences).toEqual([
      'the tests of open-classes (zero-shot) do not follow from the scores',
    ]);
    const name = 'scores/open-classes.parquet';
    const scores = async (): Promise<Uint8Array> => {
      const all = await readScoreFile(join(passedOn(), name));
      (all[0]!.result.perExample as number[])[5]! -= 1;
      (all[0]!.result.scores as number[])[5]! -= 1;
      return encodeScores(all);
    };
    const { differences } = await verifyResults(await changed('forged score', name, scores));
    expect(differences[0]).toMatch(/^clip on open-classes \(zero-shot, seed 0\): accuracy is .*, and the scores give/);
  });

  it('refuses a manifest that names a file outside, and a run folder', async () => {
    const outside = await changed('outside', 'prompts.json', (bytes) => bytes);
    const manifest = JSON.parse(readFileSync(join(outside, 'manifest.json'), 'utf8'));
    manifest.files['scores/../../x.parquet'] = manifest.files['prompts.json'];
    writeFileSync(join(outside, 'manifest.json'), JSON.stringify(seal(manifest)));
    await expect(verifyResults(outside)).rejects.toThrow('which no results folder has');
    await expect(verifyResults(run())).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('paths of this machine', () => {
  const paths = new LocalPaths(['/srv/data sets/lab', 'C:\\Users\\Ana Lima\\data', undefined, '/']);
  it.each([
    ['medbench run --data /srv/data sets/lab/mimic --out=x', 'medbench run --data (local path) --out=x'],
    ['"C:\\Users\\Ana Lima\\data\\a.png" is broken', '"(local path)" is broken'],
    ['--set general.weights=/w/x.safetensors,y', '--set general.weights=(local path),y'],
    ['~/x and file:///y and \\\\server\\share\\z', '(local path) and (local path) and (local path)'],
    [
      'https://example.org/a/b, 3/4, train/val, CC BY-NC 4.0, a / b',
      'https://example.org/a/b, 3/4, train/val, CC BY-NC 4.0, a / b',
    ],
  ])('in %s', (text, expected) => expect(paths.redact(text)).toBe(expected));

  it('are found by the last check, which does not repeat them', async () => {
    writeFileSync(join(root, 'x.json'), JSON.stringify({ folder: 'C:\\Users\\Ana Lima\\data' }));
    await expect(checkOutgoing(root, ['x.json'], paths.folders)).rejects.toThrow(
      /^x\.json holds a folder of this machine or the token, and is not passed on$/,
    );
    const header = Buffer.from('{"__metadata__":{"from":"hf_secret_token"}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(root, 'x.safetensors'), Buffer.concat([length, header, Buffer.alloc(64)]));
    await expect(checkOutgoing(root, ['x.safetensors'], ['hf_secret_token'])).rejects.toThrow('x.safetensors holds');
    await checkOutgoing(root, ['x.json', 'x.safetensors'], [undefined, '']);
  });
});
