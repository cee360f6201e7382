import { readFile } from 'node:fs/promises';
import { errorMessage, MedbenchError, parseJson, type RunResults, readSealed, writeFileAtomic } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { answerQuestions } from './answers/index.js';
import { readComparisons } from './answers/read.js';
import { checkAgainstCells } from './check-results.js';
import { renderCsv } from './csv.js';
import { readGalleries } from './galleries.js';
import { renderHtml } from './html/page.js';
import { renderLatex } from './latex.js';
import { renderMarkdown } from './markdown.js';
import { writeModelCards } from './model-card.js';

/** Paths of the files of a report. */
export interface WrittenReport {
  readonly csv: string;
  readonly markdown: string;
  readonly latex: string;
  readonly html: string;
}

/**
 * Reads a run folder's `results.json`.
 * @param approve may refuse the table by an error, before its cells are read. Default: every table is read.
 * @throws MedbenchError('usage') if it is missing; ('store') if it is not JSON, of another version, damaged or edited, or
 * if its figures are not those of the cells beside it.
 */
export async function readResults(
  runDir: string,
  approve: (runDir: string, results: RunResults) => void = () => {},
): Promise<RunResults> {
  const file = new RunLayout(runDir).results;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new MedbenchError('usage', `${file} cannot be read: ${errorMessage(cause)}`, {
      cause,
      hint: 'Name the folder of a run (its --out); results.json appears in it once the first method has been measured.',
    });
  }
  const damaged = (what: string, cause?: unknown): MedbenchError =>
    new MedbenchError('store', `${file} ${what}`, {
      cause,
      hint: 'Repeat the run command on this folder: it rewrites results.json from the finished cells.',
    });
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (cause) {
    throw damaged(`is not JSON: ${errorMessage(cause)}`, cause);
  }
  const sealed = readSealed<unknown>(file);
  if (sealed.state === 'intact') parsed = sealed.value;
  const { schemaVersion } = Object(parsed) as { readonly schemaVersion?: unknown };
  if (schemaVersion === undefined) throw damaged('is not the results of a run');
  if (schemaVersion !== 1) {
    throw new MedbenchError('store', `${file} has schemaVersion ${JSON.stringify(schemaVersion)}, not 1`, {
      hint: 'Make the report with the version of medbench that made the run, or repeat the run with this one.',
    });
  }
  const { findMisfit } = await import('./schemas.js');
  const misfitPath = findMisfit(parsed);
  if (misfitPath) throw damaged(`has an unexpected value at ${misfitPath}`);
  approve(runDir, parsed as RunResults);
  checkAgainstCells(runDir, parsed as RunResults);
  if (sealed.state === 'damaged') throw damaged('was changed after the run wrote it');
  return parsed as RunResults;
}

/**
 * Writes `results.csv`, `results.md`, `results.tex`, `report.html` and a model card beside each row's weights into a
 * run folder, from its `results.json`, comparisons and galleries. The same results give the same bytes.
 * @throws MedbenchError as `readResults` does, and ('store') if the folder cannot be written.
 */
export async function writeReport(runDir: string): Promise<WrittenReport> {
  const results = await readResults(runDir);
  const layout = new RunLayout(runDir);
  const written = {
    csv: layout.table('csv'),
    markdown: layout.table('md'),
    latex: layout.table('tex'),
    html: layout.report,
  };
  await writeFileAtomic(written.csv, renderCsv(results));
  await writeFileAtomic(written.markdown, renderMarkdown(results));
  await writeFileAtomic(written.latex, renderLatex(results));
  const answers = answerQuestions(results, await readComparisons(runDir, results));
  const galleries = await readGalleries(runDir, results);
  await writeFileAtomic(written.html, renderHtml(results, { answers, galleries }));
  await writeModelCards(runDir, results);
  return written;
}
