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
import { legendSection } from './legend.js';
import { rankSection } from './rank-diagram.js';
import { recallSection } from './recall-curve.js';
import { resultsSection } from './results-table.js';
import { setupSection } from './setup.js';
import { summarySection } from './summary.js';
import { curvesSection } from './training.js';

function banner({ run }: RunResults, { columns }: ResultTable): Markup | undefined {
  const marked = columns.filter(({ synthetic }) => synthetic !== 'none').length;
  if (!run.synthetic && marked === 0) return undefined;
  const someReal = marked > 0 && columns.some(({ synthetic }) => synthetic !== 'all');
  return html`<p class="banner" role="note">Generated phantoms: ${
    someReal ? 'the figures marked * say' : 'these figures say'
  } nothing about medicine.</p>`;
}

/**
 * The run as one self-contained page, in the order of a reader's questions: what was run, the answers, the table and
 * which of its differences are real, plots, right and wrong answers, what differs between the methods, cost and
 * quality, all metrics and definitions, and everything needed to repeat the run. All text is escaped. The same results
 * give the same bytes.
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
    html`<h1>medbench results</h1>
${banner(results, table)}`,
    html`${[
      summarySection(results, table),
      answersSection(answers),
      resultsSection(table),
      differencesSection(table),
      rankSection(table),
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
  );
}
