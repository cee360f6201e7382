import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResults } from '@medbench/core';
import { describe, expect, it } from 'vitest';
import { figuredResults } from '../test/figures.js';
import { hostileResults } from '../test/sample.js';
import { licenceDemand } from './licences.js';
import { renderModelCard, writeModelCards } from './model-card.js';

const CORPORA: NonNullable<RunResults['corpora']> = [
  {
    ...{ id: 'phantoms', title: 'Phantoms', domain: 'medical', licence: 'MIT', access: 'generated', source: 'here' },
  },
  {
    ...{ id: 'mimic-cxr', title: 'MIMIC-CXR', domain: 'medical', access: 'credentialed', source: 'physionet.org' },
    licence: 'PhysioNet Credentialed Health Data License 1.5.0',
  },
];
const sample = (): RunResults => {
  const results = figuredResults();
  return { ...results, run: { ...results.run, corpora: ['phantoms', 'mimic-cxr'] }, corpora: CORPORA };
};
const findRecord = (results: RunResults, method: string) => results.training.find((one) => one.method === method)!;
const lines = (card: string) => card.split('\n').map((line) => line.replaceAll(/ +/g, ' '));

describe('a model card', () => {
  it('has data with the demands of its licences, settings, figures with intervals, and limits', () => {
    const results = sample();
    const card = renderModelCard(results, findRecord(results, 'clip'));
    expect(lines(card).filter((line) => /^#/.test(line))).toEqual([
      '# CLIP, fine-tuned (`clip`), seed 0',
      '## Data',
      '## Settings',
      '## Figures',
      '## Limits',
      '## How it was made',
    ]);
    expect(card).toContain('**Not for clinical use.**');
    expect(card).toContain('**Synthetic: generated phantoms are part of its training or test data');
    expect(lines(card).find((line) => line.startsWith('| MIMIC-CXR'))).toContain(
      '| PhysioNet Credentialed Health Data License 1.5.0 | credentialed readers | physionet.org | do not pass the weights on',
    );
    expect(lines(card)).toContain('| training.steps | 600 |');
    for (const cell of results.cells.filter(({ method }) => method === 'clip')) {
      const tableLine = lines(card).find(
        (line) =>
          line.includes(cell.value!.toFixed(3)) && line.includes(`[${cell.ci95!.map((x) => x.toFixed(2)).join(', ')}]`),
      );
      expect(tableLine).toContain('| 624 |');
      expect(tableLine?.includes('\\*')).toBe(cell.synthetic);
      const controls = results.cells.filter(
        (other) => other.control && other.task === cell.task && other.protocol === cell.protocol,
      );
      expect(tableLine).toContain(Math.max(...controls.map(({ value }) => value!)).toFixed(3));
    }
    expect(card).toContain(results.run.command);
  });

  it('says which figures failed, and escapes markup in texts', () => {
    const results = sample();
    const card = renderModelCard(results, findRecord(results, 'clip-partial'));
    expect(lines(card).find((line) => line.startsWith('| VQA-RAD'))).toContain('| failed | — |');
    expect(card).toContain('- 1 figure could not be measured.');
    const hostile = hostileResults();
    const evil = renderModelCard(hostile, hostile.training[0]!);
    // Code shows its text literally, so it is left out here.
    const outside = evil
      .replaceAll(/^```$[\s\S]*?^```$/gm, '')
      .replaceAll('\\`', '')
      .replaceAll(/`[^`\n]*`/g, '');
    expect(outside).not.toMatch(/<script|<img/);
    expect(evil.match(/^```$/gm)).toHaveLength(2);
  });

  it('is written beside finished weights of rows and of the general domain, and is replaced each time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'medbench-cards-'));
    try {
      const results = sample();
      const place = (row: string, seed = 0) => join(folder, 'checkpoints', encodeURIComponent(row), `seed-${seed}`);
      for (const row of ['clip', 'clip-scratch', 'general', 'gone']) {
        mkdirSync(place(row), { recursive: true });
        if (row !== 'clip-scratch') writeFileSync(join(place(row), 'weights.safetensors'), '');
      }
      const record = { ...findRecord(results, 'clip'), method: 'general' };
      writeFileSync(join(place('general'), 'training.json'), JSON.stringify({ key: '', record }));
      expect(await writeModelCards(folder, results)).toEqual(
        ['clip', 'general'].map((row) => join(place(row), 'README.md')),
      );
      expect(existsSync(join(place('gone'), 'README.md'))).toBe(false);
      expect(readFileSync(join(place('general'), 'README.md'), 'utf8')).toContain('None were measured.');
      const better = { ...results, cells: results.cells.map((cell) => ({ ...cell, value: 0.98765 })) };
      await writeModelCards(folder, better);
      expect(readFileSync(join(place('clip'), 'README.md'), 'utf8')).toContain('0.988');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the demand of a licence on weights', () => {
  it.each([
    ['CC0 1.0', 'open', /^nothing/],
    ['CC BY 4.0', 'open', /^name the source$/],
    ['CC BY-NC 4.0', 'open', /no commercial use$/],
    ['CC BY-NC-ND 4.0', 'open', /not settled/],
    ['PhysioNet Restricted Health Data License 1.5.0', 'agreement', /do not pass the weights on/],
    ['research, on request', 'agreement', /research only/],
    ['ours', 'credentialed', /before you have read it/],
    ['ours', 'open', /not known/],
  ] as const)('is described for %s, %s', (licence, access, expected) => {
    expect(licenceDemand(licence, access)).toMatch(expected);
  });
});
