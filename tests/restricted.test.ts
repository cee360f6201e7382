import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MARKER = 'MARKERFINDINGOFAPATIENT';
const cli = join(import.meta.dirname, '../packages/cli/bin/medbench.js');
let root: string;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });

/** MIMIC-CXR's layout, with a marker in every report. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-restricted-'));
  const none = { train: 1, val: 1, test: 1 };
  await writePhantoms(join(root, 'data'), {
    size: 32,
    counts: {
      phantoms: none,
      shapes: { train: 1 },
      pneumonia: none,
      vqaRad: { images: 1, train: 1, test: 1 },
      pathVqa: { train: 1, validation: 1, test: 1 },
      classes: { train: 12, val: 12, test: 12 },
      corpora: { train: 24, test: 12 },
    },
  });
  for (const file of filesBelow(join(root, 'data/mimic-cxr'))) {
    if (file.endsWith('.txt')) appendFileSync(file, `\n IMPRESSION: ${MARKER}.\n`);
  }
  // One report is missing: what is said of that must name the file, not what it would have held.
  const reports = filesBelow(join(root, 'data/mimic-cxr')).filter((file) => file.endsWith('.txt'));
  rmSync(reports[2]!);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('no word of a credentialed report is in anything that a run prints or writes', async () => {
  const out = join(root, 'run');
  const args = [
    ...[
      'run',
      '--methods',
      'clip-scratch',
      '--tasks',
      'mimic-cxr-retrieval',
      '--data',
      join(root, 'data'),
      '--out',
      out,
    ],
    ...['--skip-bad', '--set', 'corpora=["mimic-cxr"]', '--set', 'controls=[]', '--set', 'model.merges=300'],
    ...['--set', 'training.steps=3', '--set', 'training.warmup=1', '--set', 'training.batchSize=8'],
  ];
  const env = { ...process.env, MEDBENCH_CACHE: join(root, 'cache') };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { env, cwd: root });
  const medbench = async (...words: string[]): Promise<string> => {
    const printed = await promisify(execFile)(process.execPath, [cli, ...words], { env, cwd: root });
    return printed.stdout + printed.stderr;
  };
  const texts = [stdout, stderr];
  for (const format of ['table', 'markdown', 'latex', 'csv', 'json'])
    texts.push(await medbench('report', out, '--format', format));
  texts.push(await medbench('compare', out, out), await medbench('compare', out, out, '--json'));
  expect(texts.join('\n')).not.toContain(MARKER);
  const written = readdirSync(out);
  expect(written).toEqual(
    expect.arrayContaining(['report.html', 'results.csv', 'results.json', 'results.md', 'results.tex']),
  );
  expect(filesBelow(out).length).toBeGreaterThan(5);
  for (const file of filesBelow(root)) {
    if (!file.startsWith(join(root, 'data'))) expect(readFileSync(file).includes(MARKER), file).toBe(false);
  }
  const skipped = JSON.parse(readFileSync(join(out, 'skipped.json'), 'utf8')) as { data: string; list: string[] }[];
  expect(skipped.flatMap(({ list }) => list).join()).toMatch(/s\d{8}\.txt is not there/);
  const { cells } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { cells: { status: string }[] };
  expect(cells.map(({ status }) => status)).toEqual(['ok']);
}, 240_000);
