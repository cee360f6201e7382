import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { seal } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COLUMNS, parsePage, Sites } from '../../test/site.js';
import { shellWord } from '../shell-word.js';
import { openFolder } from './sources.js';

let sites: Sites;
beforeEach(() => {
  sites = new Sites();
});
afterEach(() => sites.dispose());

const EVIL = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>&amp;\n\u202e../../x';
const NOTE = 'the answer of patient 7 was: pneumothorax';

describe('a hostile submission', () => {
  it('is shown as text on every page, in files with safe names within the folder', async () => {
    const columns = [
      { task: EVIL, protocol: EVIL, n: 20, data: 'a' },
      { task: '../x', protocol: 'zero-shot', n: 20, data: 'a' },
      { task: 'CON', protocol: 'zero-shot', n: 20, data: 'a' },
      { task: 'con', protocol: 'zero-shot', n: 20, data: 'a' },
      { task: '__proto__', protocol: 'constructor', n: 20, data: 'a' },
    ];
    const rows = [EVIL, '../../clip', 'Clip', 'clip', '__proto__', "a'; rm -rf ~; '"].map((id) => ({
      id,
      chance: 0.5,
      parameters: 9,
    }));
    const folder = sites.run('evil', { rows, columns, settings: { [EVIL]: EVIL } }, (base) => ({
      ...base,
      run: {
        ...base.run,
        id: EVIL,
        preset: EVIL,
        backend: EVIL,
        command: `${EVIL}</code></pre>`,
        corpora: [EVIL],
        versions: { [EVIL]: EVIL },
      },
      methods: rows.map(({ id }) => ({ id, title: `${EVIL}${id}`, question: EVIL, extension: false, control: false })),
      tasks: columns.map(({ task }) => ({
        id: task,
        title: task,
        modality: EVIL,
        protocols: [],
        licence: EVIL,
        access: 'open',
        citation: EVIL,
      })),
      protocols: [{ id: EVIL, title: EVIL, metrics: { accuracy: { description: EVIL } } }],
      corpora: [{ id: EVIL, title: EVIL, domain: 'medical', licence: EVIL, access: 'open', source: EVIL }],
    }));
    const { out, data, read } = await sites.write([folder]);
    expect(data.entries).toHaveLength(rows.length);
    expect(new Set(data.pages.map((page) => page.toLowerCase())).size).toBe(1 + rows.length + columns.length);
    for (const page of data.pages) {
      expect(page).toMatch(/^(index|(models|tasks)\/[a-z0-9-]+)\.html$/);
      expect(existsSync(join(out, page))).toBe(true);
      const document = parsePage(read(page));
      expect(document.querySelectorAll('script')).toHaveLength(1);
      expect(document.querySelectorAll('img, iframe, object, form, base, link')).toHaveLength(0);
      for (const element of document.querySelectorAll('*')) {
        for (const name of element.getAttributeNames()) expect(name, page).not.toMatch(/^on/i);
      }
      for (const link of document.querySelectorAll('a'))
        expect(link.getAttribute('href')).toMatch(/^(#|\.\.\/)?[\w./-]+$/);
    }
    expect(readdirSync(sites.folder).sort()).toEqual(['evil', 'site']);
    // A command that somebody copies from a page runs nothing but medbench, with the rows as they are.
    const { page } = data.entries.find(({ row }) => row === 'Clip')!;
    const command = parsePage(read(page as string)).querySelector('p > code')!.textContent!;
    const run = (line: string): string[] =>
      execFileSync('sh', ['-c', `medbench() { printf '%s\\n' "$@"; }; ${line}`], {
        cwd: sites.folder,
        encoding: 'utf8',
      })
        .trimEnd()
        .split('\n');
    const evil = rows.map(({ id }) => id.replaceAll('\n', ''));
    expect(run(`medbench ${evil.map(shellWord).join(' ')}`)).toEqual(evil);
    const words = run(command);
    // Not the path of the folder: the pages are published.
    expect(words).toEqual(['compare', basename(folder), basename(folder), '--pair', expect.stringMatching(/^Clip=/)]);
    expect(words[4]).toBe(`Clip=${data.entries[0]!.row === 'Clip' ? data.entries[1]!.row : data.entries[0]!.row}`);
  });

  it('brings no notes, errors or class names onto a page: they may quote the data', async () => {
    const folder = sites.run('one');
    const layout = new RunLayout(folder);
    const { checksum: _, ...results } = JSON.parse(readFileSync(layout.results, 'utf8'));
    const [first, ...rest] = results.cells;
    const failed = { ...first, status: 'failed', value: null, ci95: null, error: NOTE, notes: [NOTE, `leak: ${NOTE}`] };
    const leaks = [{ of: 'train', groups: null, identical: 3, near: 0 }];
    const noted = rest.map((cell: object) => ({ ...cell, notes: [NOTE, `leak: ${NOTE}`], leaks }));
    writeFileSync(layout.results, JSON.stringify(seal({ ...results, cells: [failed, ...noted] })));
    const { data, out, read } = await sites.write([folder]);
    for (const page of [...data.pages, 'data.json'])
      expect(readFileSync(join(out, page), 'utf8'), page).not.toContain('pneumothorax');
    expect(read('index.html')).toContain('seed 0 failed in its run');
    expect(read('tasks/phantom-tissue.html')).toContain('the training split has seen test images: 3 pixel for pixel');
  });
});

interface ChangedFigure {
  method: string;
  task: string;
  seed: number;
  value: number;
  n: number;
  metrics: { accuracy: { value: number } };
}

/** Changes the JSON of a file; the checksum fits afterwards. */
function change<T>(file: string, edit: (value: T) => void): void {
  const value = JSON.parse(readFileSync(file, 'utf8'));
  edit(value);
  writeFileSync(file, JSON.stringify(seal(value)));
}

/** Changes the figure of `clip` on `phantom-tissue` with seed 0, in the table and in its cell. */
function changeFigure(folder: string, edit: (figure: ChangedFigure) => void): void {
  const layout = new RunLayout(folder);
  change<{ results: ChangedFigure[] }>(layout.cell('clip', 'phantom-tissue', 0), ({ results }) => edit(results[0]!));
  change<{ cells: ChangedFigure[] }>(layout.results, ({ cells }) => {
    for (const cell of cells) {
      if (cell.method === 'clip' && cell.task === 'phantom-tissue' && cell.seed === 0) edit(cell);
    }
  });
}

describe('sources', () => {
  it('that are damaged, or whose figures do not follow from the scores, are named and left out', async () => {
    const cell = (folder: string) => new RunLayout(folder).cell('clip', 'phantom-tissue', 0);
    const results = (folder: string) => new RunLayout(folder).results;
    const bad: Record<string, (folder: string) => void> = {
      'is not JSON': (folder) => writeFileSync(results(folder), '{'),
      'was changed after the run wrote it': (folder) =>
        writeFileSync(results(folder), readFileSync(results(folder), 'utf8').replace('"demo"', '"demon"')),
      'is damaged or was changed by hand': (folder) =>
        writeFileSync(cell(folder), `${readFileSync(cell(folder), 'utf8')}x`),
      'accuracy is 0.99, and the scores give': (folder) =>
        changeFigure(folder, (figure) => {
          if ('value' in figure) figure.value = 0.99;
          figure.metrics.accuracy.value = 0.99;
        }),
      'number of examples is 5000, and the scores give': (folder) =>
        changeFigure(folder, (figure) => {
          figure.n = 5000;
        }),
      'is no file of this folder': (folder) => {
        const moved = join(sites.folder, 'elsewhere.json');
        renameSync(cell(folder), moved);
        symlinkSync(moved, cell(folder));
      },
      'cannot be read': (folder) => renameSync(results(folder), join(folder, 'other.json')),
    };
    const good = sites.run('good');
    const folders = Object.entries(bad).map(([, damage], i) => {
      const folder = sites.run(`bad-${i}`);
      damage(folder);
      return folder;
    });
    const { data, read } = await sites.write([good, ...folders, 'hf://datasets/lab/results']);
    expect(data.refused.map(({ source }) => basename(source))).toEqual([
      'results',
      ...folders.map((folder) => basename(folder)),
    ]);
    Object.keys(bad).forEach((reason, i) => expect(data.refused[i + 1]!.reason).toContain(reason));
    expect(data.sources).toMatchObject([{ name: 'good', checked: { withoutScores: 0 } }]);
    expect(read('index.html')).toContain('bad-3');
  });

  it('may be a folder of folders; without any that can be read, an earlier site stays', async () => {
    const parent = join(sites.folder, 'results');
    mkdirSync(parent);
    sites.run('results/a');
    sites.run('results/b', { settings: { 'training.steps': 9 } });
    const { data, read } = await sites.write([parent, join(parent, 'a')]);
    expect(data.sources.map(({ name }) => name)).toEqual(['a', 'b']);
    const before = read('index.html');
    await expect(sites.write([join(sites.folder, 'none')])).rejects.toThrow(/none.*cannot be read/);
    await expect(sites.write([join(sites.folder, 'site')], 'site')).rejects.toThrow('is a source itself');
    expect(read('index.html')).toBe(before);
    await expect(openFolder('hf://datasets/lab/results')).rejects.toThrow('is an address');
  });

  it('without scores are shown, and said not to be checked', async () => {
    const { data, read } = await sites.write([sites.run('alone', { scores: false })]);
    expect(data.sources[0]).toMatchObject({ checked: { recomputed: 0, withoutScores: 2 * 3 * COLUMNS.length } });
    expect(read('index.html')).toContain('18 figures without scores: not checked and not tested');
  });
});
