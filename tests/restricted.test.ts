import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Gallery, TaskResult } from '@medbench/core';
import { readCsv } from '@medbench/formats';
import { writePhantoms } from '@medbench/phantoms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HubServer, TOKEN } from '../packages/hub/test/hub-server.js';
import { medbenchSeries } from './support/cli.js';

const MARKER = 'MARKERFINDINGOFAPATIENT';
const cli = join(import.meta.dirname, '../packages/medbench/bin/medbench.js');
let root: string;
/** The run compared with itself, as JSON. */
let comparedWithItself: string;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });

const toCsv = (rows: readonly Readonly<Record<string, string>>[]): string =>
  [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))]
    .map((fields) => fields.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
    .join('\n');

/** Data sets under agreements or credentials, in their real layouts, with a marker text in every report and caption. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'medbench-restricted-'));
  const none = { train: 1, val: 1, test: 1 };
  await writePhantoms(join(root, 'data'), {
    size: 32,
    counts: {
      phantoms: none,
      shapes: { train: 1 },
      pneumonia: { train: 20, val: 4, test: 12 },
      vqaRad: { images: 1, train: 1, test: 1 },
      pathVqa: { train: 1, validation: 1, test: 1 },
      classes: { train: 12, val: 12, test: 12 },
      corpora: { train: 24, test: 12 },
    },
  });
  for (const file of filesBelow(join(root, 'data/mimic-cxr'))) {
    if (file.endsWith('.txt')) appendFileSync(file, `\n IMPRESSION: ${MARKER}.\n`);
  }
  const eyes = join(root, 'data/deepeyenet/DeepEyeNet_test.json');
  const list = JSON.parse(readFileSync(eyes, 'utf8')) as Record<string, Record<string, string>>[];
  for (const info of list.flatMap((row) => Object.values(row))) info['clinical-description'] += ` ${MARKER}`;
  writeFileSync(eyes, JSON.stringify(list));
  const quilt = join(root, 'data/quilt-1m/quilt_1M_lookup.csv');
  const captions = (await readCsv(quilt)).map((row) => ({ ...row, caption: `${MARKER} ${row.caption}` }));
  writeFileSync(quilt, toCsv(captions));
  // An invalid finding: the error names the row by its number alone.
  const vindr = join(root, 'data/vindr-mammo/finding_annotations.csv');
  const findings = await readCsv(vindr);
  writeFileSync(vindr, toCsv([...findings, { ...findings[0]!, finding_categories: `['${MARKER}']` }]));
  // One report is missing: the message must name the file and no content.
  const reports = filesBelow(join(root, 'data/mimic-cxr')).filter((file) => file.endsWith('.txt'));
  rmSync(reports[2]!);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const RESTRICTED = ['mimic-cxr-retrieval', 'vindr-mammo', 'deepeyenet-retrieval', 'quilt-retrieval'];

it('a run prints and writes no word and no image of data under an agreement', async () => {
  const out = join(root, 'run');
  const args = [
    ...['run', '--methods', 'clip-scratch', '--tasks', [...RESTRICTED, 'pneumoniamnist'].join()],
    ...['--data', join(root, 'data'), '--out', out, '--skip-bad'],
    ...['--set', 'corpora=["mimic-cxr","quilt-1m"]', '--set', 'controls=["chance"]', '--set', 'model.merges=300'],
    ...['--set', 'training.steps=3', '--set', 'training.warmup=1', '--set', 'training.batchSize=8'],
  ];
  const env = { ...process.env, MEDBENCH_CACHE: join(root, 'cache') };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { env, cwd: root });
  const formats = ['table', 'markdown', 'latex', 'csv', 'json'].map((format) => ['report', out, '--format', format]);
  const commands = [...formats, ['compare', out, out], ['compare', out, out, '--json']];
  const printed = await medbenchSeries(commands, { cwd: root, env: { MEDBENCH_CACHE: join(root, 'cache') } });
  expect(printed.map(({ code }) => code)).toEqual(commands.map(() => 0));
  comparedWithItself = printed.at(-1)!.stdout;
  const texts = [stdout, stderr, ...printed.flatMap((one) => [one.stdout, one.stderr])];
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
  const { cells } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
    cells: { task: string; status: string; method: string }[];
  };
  expect(new Set(cells.map(({ status }) => status))).toEqual(new Set(['ok']));
  expect(new Set(cells.map(({ task }) => task))).toEqual(new Set([...RESTRICTED, 'pneumoniamnist']));

  // The report shows images of the open task alone, and the run folder has no image file.
  expect(readdirSync(join(out, 'gallery'))).toEqual(['pneumoniamnist.json']);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  const gallery = readFileSync(join(out, 'gallery/pneumoniamnist.json'), 'utf8');
  // The gallery shows the predictions that the cell stores.
  const { parts } = JSON.parse(gallery) as Gallery;
  const cell = JSON.parse(readFileSync(join(out, 'cells/clip-scratch/pneumoniamnist/seed-0.json'), 'utf8')) as {
    results: TaskResult[];
  };
  for (const { protocol, examples, rows } of parts) {
    const { sampled, classification } = cell.results.find((result) => result.protocol === protocol)!;
    const [first] = sampled!;
    expect(examples).toHaveLength(8);
    examples.forEach(({ place, right }, e) => {
      const index = first!.examples.indexOf(place);
      const [answer] = rows.find(({ id }) => id === 'clip-scratch')!.said[e]!.answers;
      expect(answer).toEqual({
        text: classification!.classes[first!.answers[index]![0]!],
        right: first!.hits[index]![0] === 1,
      });
      expect(right).toEqual([answer!.right ? { text: (answer as { text: string }).text } : expect.anything()]);
    });
  }
  const shown = [...page.matchAll(/data:image\/webp;base64,([^"]+)"/g)].map(([, image]) => image!);
  expect(shown.length).toBeGreaterThan(0);
  for (const image of shown) expect(gallery).toContain(`"${image}"`);
  expect(page.match(/<(img|image)\b/g)).toHaveLength(shown.length);
  for (const file of filesBelow(out)) {
    const magic = readFileSync(file).subarray(0, 4).toString('latin1');
    expect(['RIFF', '\x89PNG', 'GIF8', '\xff\xd8\xff\xe0', '\xff\xd8\xff\xdb'], file).not.toContain(magic);
  }
  const reasons = [...page.matchAll(/<li><bdi>([^<]*)<\/bdi>: the data is ([^<]*)<\/li>/g)].map(
    ([, , reason]) => reason,
  );
  expect(reasons).toHaveLength(RESTRICTED.length);
  const card = join(out, 'checkpoints/clip-scratch/seed-0/README.md');
  expect(existsSync(card)).toBe(true);
  expect(readFileSync(card, 'utf8')).toContain('do not pass the weights on');
}, 360_000);

const results = (...args: string[]): string[] => ['push', 'run', '--results', '--data', 'data', ...args];
const weights = (...args: string[]): string[] => ['push', 'run', '--method', 'clip-scratch', ...args];

/** Requires that files hold no word of the data, no name of its files or patients, and no path of this machine. */
function expectClean(folder: string): void {
  for (const file of filesBelow(folder)) {
    const content = readFileSync(file).toString('latin1');
    expect(content.includes(MARKER), file).toBe(false);
    expect(content.includes(root), file).toBe(false);
    if (!file.endsWith('.safetensors')) expect(content.match(/\b[sp]\d{8}\b|\.dcm|\.jpg|\.png/), file).toBeNull();
  }
}

it('what a run pushes holds no word, name or path of data under an agreement, and is compared as the run is', async () => {
  const hub = await HubServer.start();
  const env = { MEDBENCH_CACHE: join(root, 'cache'), HF_ENDPOINT: hub.endpoint, HF_TOKEN: TOKEN };
  const commands = [
    weights('--repo', 'lab/clip', '--dry-run'),
    results('--repo', 'lab/results', '--dry-run', '--no-splits'),
    results('--repo', 'lab/results', '--out', 'passed-on'),
    weights('--repo', 'lab/clip', '--out', 'model', '--permitted', 'mimic-cxr,quilt-1m'),
    ['verify', 'passed-on'],
    ['compare', 'run', 'hf://datasets/lab/results', '--json'],
  ];
  const ended = await medbenchSeries(commands, { cwd: root, env }).finally(() => hub.stop());
  const printed = ended.map(({ stderr }) => stderr).join();
  expect(
    ended.map(({ code }) => code),
    printed,
  ).toEqual([2, 0, 0, 0, 0, 0]);
  const [refused, dry, , , verified, compared] = ended;
  expect(refused!.stderr).toMatch(/mimic-cxr, whose terms.*PhysioNet.*--permitted mimic-cxr,quilt-1m/s);
  expect(dry!.stdout).toMatch(
    /Would go to the data set lab\/results:.* scores\/mimic-cxr-retrieval\.parquet.*Nothing was sent/s,
  );
  expect(dry!.stdout).toMatch(/labels, predictions, notes of mimic-cxr-retrieval, .*: not open data/);
  expect(verified!.stdout).toMatch(/\d+ figures computed anew\n$/);
  const cells = (json: string): unknown => (JSON.parse(json) as { cells: unknown }).cells;
  expect(cells(compared!.stdout)).toEqual(cells(comparedWithItself));

  for (const [repository, folder] of [
    ['datasets/lab/results', 'passed-on'],
    ['lab/clip', 'model'],
  ] as const) {
    expectClean(join(root, folder));
    const { files } = hub.repositories.get(repository)!;
    const names = filesBelow(join(root, folder)).map((file) => file.slice(join(root, folder).length + 1));
    expect([...files.keys()].sort()).toEqual(names.sort());
    for (const [name, content] of files) {
      expect(content.equals(readFileSync(join(root, folder, name))), name).toBe(true);
    }
  }
  const card = readFileSync(join(root, 'model/README.md'), 'utf8');
  expect(card).toMatch(/^---\nlicense: other\n.*\nmodel-index:\n.*95 % interval .*\n---\n/s);
  expect(card).toContain('do not pass the weights on');
  expect(readdirSync(join(root, 'passed-on/splits'))).toHaveLength(RESTRICTED.length + 1);

  expect(printed + ended.map(({ stdout }) => stdout).join()).not.toContain(TOKEN);
  for (const file of filesBelow(root)) expect(readFileSync(file).includes(TOKEN), file).toBe(false);
}, 120_000);
