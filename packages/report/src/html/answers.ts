import type { AnswerEvidence, AnswerVerdict, QuestionAnswer } from '../answers/answer.js';
import { formatP, formatSigned, formatSignedInterval } from '../format.js';
import { TERMS } from './definition.js';
import { html, type Markup } from './escape.js';
import { numberHead, scrollable } from './results-table.js';

/** Text of each verdict, never stronger than the test. */
const VERDICTS: Readonly<Record<AnswerVerdict, string>> = {
  helps: 'helps',
  hurts: 'hurts',
  mixed: 'varies by column',
  'no-difference': 'no difference found at this size',
  'too-few': 'too few examples to tell',
  'not-answerable': 'this run cannot tell',
};

const FAVOURED: Readonly<Record<AnswerEvidence['favours'], string>> = {
  first: 'the first',
  second: 'the second',
  none: 'neither',
};

function evidenceTable({ question, evidence }: QuestionAnswer): Markup | undefined {
  if (evidence.length === 0) return undefined;
  const caption = `The comparisons behind the answer to “${question}”.`;
  const line = ({ comparison, column, difference, interval, p, n, favours }: AnswerEvidence): Markup =>
    html`<tr><th scope="row"><bdi>${comparison}</bdi></th><td><bdi>${column}</bdi></td><td class="number">${formatSigned(
      difference,
    )}</td><td class="number">${interval ? formatSignedInterval(interval) : '—'}</td><td class="number">${
      p === null ? '—' : formatP(p)
    }</td><td class="number">${n}</td><td>${FAVOURED[favours]}</td></tr>\n`;
  return html`<details><summary>The comparisons behind this answer</summary>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Comparison</th><th scope="col">On</th>${numberHead('Difference', TERMS.difference)}${numberHead(
    '95 % interval',
    TERMS.differenceInterval,
  )}${numberHead('Adjusted p', TERMS.adjusted)}${numberHead('n', TERMS.n)}<th scope="col">Favours</th></tr></thead>
<tbody>
${evidence.map(line)}</tbody></table>`,
)}</details>`;
}

/**
 * The section with the questions of the run or study: a line for each with its verdict, which opens to the sentence and
 * the comparisons behind it; undefined without questions.
 */
export function answersSection(answers: readonly QuestionAnswer[]): Markup | undefined {
  if (answers.length === 0) return undefined;
  return html`<section class="first"><h2>Answers</h2>
${answers.map(
  (answer) => html`<details class="answer ${answer.verdict}">
<summary><h3>${answer.question}</h3> <span class="outcome"><strong class="verdict">${VERDICTS[answer.verdict]}</strong> <bdi>${answer.brief}</bdi></span></summary>
<p class="sentence"><bdi>${answer.sentence}</bdi></p>
${answer.details && html`<ul>${answer.details.map((one) => html`<li><bdi>${one}</bdi></li>`)}</ul>\n`}<p class="muted"><bdi>${answer.basis}</bdi></p>
${evidenceTable(answer)}
</details>
`,
)}</section>
`;
}
