import { describe, expect, it } from 'vitest';
import { hostileResults, sampleResults } from '../test/sample.js';
import { renderLatex } from './latex.js';

/** Parses `tabular` environments like LaTeX: cells are separated by unescaped `&`, rows end with `\\`. */
function tabulars(text: string): { spec: string; rows: string[][] }[] {
  return [...text.matchAll(/\\begin\{tabular\}\{(\w+)\}\n([\s\S]*?)\\end\{tabular\}/g)].map(([, spec, body]) => ({
    spec: spec!,
    rows: body!
      .split('\n')
      .filter((line) => line.endsWith(' \\\\'))
      .map((line) =>
        line
          .slice(0, -3)
          .split(/(?<!\\)&/)
          .map((cell) => cell.trim()),
      ),
  }));
}

const countColumns = (row: readonly string[]): number =>
  row.reduce((sum, cell) => sum + Number(/^\\multicolumn\{(\d+)\}/.exec(cell)?.[1] ?? 1), 0);

/** Depth of braces at the end of the text, ignoring escaped braces and comments. */
function braceDepth(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '%') i = text.indexOf('\n', i);
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth < 0) return depth;
  }
  return depth;
}

describe('renderLatex', () => {
  it.each([
    ['made-up results', sampleResults()],
    ['hostile results', hostileResults()],
  ])('has one cell for each column in each row and balanced braces for %s', (_, results) => {
    const text = renderLatex(results);
    expect(braceDepth(text)).toBe(0);
    for (const { spec, rows } of tabulars(text)) {
      expect(rows.length).toBeGreaterThan(6);
      for (const row of rows) expect(countColumns(row)).toBeLessThanOrEqual(spec.length);
      for (const row of rows.slice(2)) expect(countColumns(row)).toBe(spec.length);
    }
    for (const name of ['table', 'tabular', 'itemize']) {
      expect(text.split(`\\begin{${name}}`).length).toBe(text.split(`\\end{${name}}`).length);
    }
    expect(text.match(/\\toprule/g)!.length).toBe(text.match(/\\bottomrule/g)!.length);
  });

  it('prints the figures of the table', () => {
    const results = sampleResults();
    const text = renderLatex(results);
    for (const { value, ci95 } of results.cells) {
      if (value === null || ci95 === null) continue;
      expect(text).toContain(`${value.toFixed(3)} {[}${ci95.map((x) => x.toFixed(2)).join(', ')}{]}`);
    }
    expect(text).toContain('\\textbf{0.912 {[}0.87, 0.96{]}}');
    expect(text).toContain('$\\times$\\textsuperscript{1}');
    expect(text).toContain('say nothing about medicine');
  });

  it('escapes commands in texts of the results', () => {
    const sample = sampleResults();
    const evil = '\\input{/etc/passwd}\n\\end{table}%$x$#~^_&{}--[1]*';
    const text = renderLatex({
      ...sample,
      methods: sample.methods.map((method) => ({ ...method, title: evil })),
    });
    expect(text).not.toMatch(/\\input|\\end\{table\}./);
    expect(text).toContain(
      '\\textbackslash{}input\\{/etc/passwd\\} \\textbackslash{}end\\{table\\}\\%\\$x\\$\\#\\textasciitilde{}\\textasciicircum{}\\_\\&\\{\\}-{}-{[}1{]}{*}',
    );
  });
});
