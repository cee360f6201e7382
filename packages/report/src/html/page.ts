import type { Gallery, RunResults } from '@medbench/core';
import type { QuestionAnswer } from '../answers/answer.js';
import { type ResultTable, resultTable } from '../model.js';
import { answersSection } from './answers.js';
import { calibrationSection } from './calibration.js';
import { confusionSection } from './confusion.js';
import { costSection } from './cost.js';
import { metricsSection, runSection } from './details.js';
import { differencesSection } from './differences.js';
import { html, type Markup } from './escape.js';
import { forestSection } from './forest.js';
import { renderPage } from './frame.js';
import { gallerySection } from './gallery.js';
import { pageHeading } from './heading.js';
import { legendSection } from './legend.js';
import { rankSection } from './rank-diagram.js';
import { recallSection } from './recall-curve.js';
import { resultsSection } from './results-table.js';
import { setupSection } from './setup.js';
import { summarySection } from './summary.js';
import { curvesSection } from './training.js';

/** The first screen: the answers beside the ranks, then the table. */
function overview(table: ResultTable, answers: readonly QuestionAnswer[]): Markup {
  const beside = [answersSection(answers), rankSection(table)].filter((section) => section !== undefined);
  return html`${beside.length > 0 && html`<div class="overview">${beside}</div>\n`}${resultsSection(table)}`;
}

/**
 * The run as one self-contained page. The first screen shows the answers, the ranks and the table. Below are the table
 * of contents, what was run, which differences are real, plots, right and wrong answers, what differs between the
 * methods, cost and quality, all metrics and definitions, and everything needed to repeat the run. All text is escaped.
 * The same results give the same bytes.
 */
export function renderHtml(
  results: RunResults,
  {
    answers = [],
    galleries = [],
  }: { readonly answers?: readonly QuestionAnswer[]; readonly galleries?: readonly Gallery[] } = {},
): string {
  const table = resultTable(results);
  return renderPage(
    `medbench run ${results.run.id}`,
    pageHeading(results, table),
    html`${[
      summarySection(results, table),
      differencesSection(table),
      forestSection(table),
      curvesSection(results),
      calibrationSection(results, table),
      confusionSection(results, table),
      recallSection(results, table),
      gallerySection(results, galleries),
      setupSection(results),
      costSection(results, table),
      metricsSection(results, table),
      legendSection(results),
      runSection(results),
    ]}`,
    overview(table, answers),
  );
}
