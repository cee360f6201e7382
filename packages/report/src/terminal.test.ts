import { describe, expect, it } from 'vitest';
import { hostileResults, sampleResults } from '../test/sample.js';
import { SYNTHETIC_LINE } from './caption.js';
import { renderMarkdown, renderTable } from './index.js';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => [...line].length));

describe('renderTable', () => {
  it.each([80, 120, 200])('fits %i columns and prints all figures', (width) => {
    const text = renderTable(sampleResults(), { width });
    expect(widest(text)).toBeLessThanOrEqual(width);
    for (const { value, ci95 } of sampleResults().cells) {
      if (value === null || ci95 === null) continue;
      expect(text).toContain(`${value.toFixed(3)} [${ci95[0].toFixed(2)}, ${ci95[1].toFixed(2)}]`);
    }
    const [first, second] = text.split('\n');
    expect(first).toBe(SYNTHETIC_LINE);
    expect(second).toBe('Run 3f9c1a7be204 · preset demo · backend compiled · seed 0');
    expect(text).toMatch(/\n¹ vqa-rad: data\/vqa-rad\/test\.parquet is not there/);
    expect(text).not.toMatch(/ $/m);
  });

  it('puts each figure under its column', () => {
    const lines = renderTable(sampleResults(), { width: 200 }).split('\n');
    const header = lines.find((line) => line.includes('phantom-reports'))!;
    const clip = lines.find((line) => line.startsWith('clip '))!;
    const cell = sampleResults().cells.find(({ task, method }) => task === 'phantom-reports' && method === 'clip')!;
    expect(clip.slice(header.indexOf('phantom-reports'))).toMatch(new RegExp(`^${cell.value!.toFixed(3)} `));
    expect(lines.find((line) => line.startsWith('clip-partial'))).toContain('✗¹');
    expect(lines.find((line) => line.startsWith('raw-pixels'))).toContain('—');
    expect(lines.findIndex((l) => l.startsWith('untrained'))).toBe(
      lines.findIndex((l) => l.startsWith('clip-partial')) + 2,
    );
  });

  it('marks only columns with generated data', () => {
    const header = renderTable(sampleResults(), { width: 200 })
      .split('\n')
      .find((line) => line.includes('recall@10'))!;
    expect(header.match(/[\w@]+ ↑( \*)?/g)).toEqual([
      ...Array(3).fill('accuracy ↑'),
      ...Array(4).fill('accuracy ↑ *'),
      'mean_recall@10 ↑ *',
    ]);
  });

  it('marks single figures if only some of a column use generated data', () => {
    const sample = sampleResults();
    const cells = sample.cells.map((cell) => ({ ...cell, synthetic: !cell.control }));
    const lines = renderTable({ ...sample, cells }, { width: 200 }).split('\n');
    expect(lines.find((line) => line.startsWith('clip '))!.match(/\] \*/g)).toHaveLength(8);
    expect(lines.find((line) => line.startsWith('untrained'))).not.toContain('*');
    expect(lines.find((line) => line.startsWith('method'))).not.toContain('*');
  });

  it('does not mention phantoms if there are none', () => {
    const sample = sampleResults();
    const cells = sample.cells.map((cell) => ({ ...cell, synthetic: false }));
    expect(renderTable({ ...sample, cells, run: { ...sample.run, synthetic: false } })).not.toMatch(/phantoms|\*/);
  });

  it('shows mean ± standard deviation for several seeds and says so', () => {
    const text = renderTable(sampleResults([0, 1]));
    const [a, b] = sampleResults([0, 1])
      .cells.filter((c) => c.method === 'clip' && c.task === 'pneumoniamnist' && c.protocol === 'zero-shot')
      .map(({ value }) => value!);
    // Two values: the sample standard deviation is their distance over the root of two.
    expect(text).toContain(`${((a! + b!) / 2).toFixed(3)} ± ${(Math.abs(a! - b!) / Math.SQRT2).toFixed(3)}`);
    expect(text).toContain('Mean ± standard deviation over seeds');
    expect(text).toContain('seeds 0, 1');
  });

  it('uses bold only if colour is on', () => {
    expect(renderTable(sampleResults())).not.toContain('\u001b');
    expect(renderTable(sampleResults(), { color: true })).toContain('\u001b[1m0.912 [0.87, 0.96]\u001b[0m');
  });

  it('removes control characters and line breaks from text of the file', () => {
    const text = renderTable(hostileResults(), { width: 200 });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  it('renders results without cells, without tasks, and with one method', () => {
    const sample = sampleResults();
    const one = sample.methods.slice(0, 1);
    expect(renderTable({ ...sample, cells: [] })).toContain('No cell has been measured yet.');
    expect(renderTable({ ...sample, cells: [], tasks: [], methods: [], training: [] })).toContain('No cell');
    const single = renderTable({ ...sample, methods: one, cells: sample.cells.filter((c) => c.method === 'clip') });
    expect(single.split('\n').filter((line) => line.startsWith('clip '))).toHaveLength(2);
    expect(single).not.toContain('untrained');
  });
});

describe('renderMarkdown', () => {
  it('has one row per method and one cell per column', () => {
    const lines = renderMarkdown(sampleResults())
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line.match(/(?<!\\)\|/g)).toHaveLength(10);
    expect(lines[4]).toContain('**0.912 [0.87, 0.96]**');
  });

  it('keeps hostile text inside its cell', () => {
    const text = renderMarkdown(hostileResults());
    const lines = text.split('\n').filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(8);
    for (const line of lines) {
      expect(line.match(/(?<!\\)\|/g)).toHaveLength(1 + 1 + 10 + 1);
      expect(line).not.toMatch(/<(?!br>)/);
    }
  });
});
