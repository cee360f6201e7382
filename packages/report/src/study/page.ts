import type { ConfidenceInterval } from '@medbench/core';
import type { StudyCell, StudyVerdict } from '@medbench/studies/study-results';
import { SYNTHETIC_LINE } from '../caption.js';
import { drawDifferences } from '../comparison/plot.js';
import { formatInterval, formatSigned, formatSignedInterval, formatValue, oneLine, plural } from '../format.js';
import { TERMS } from '../html/definition.js';
import { html, type Markup } from '../html/escape.js';
import { renderPage } from '../html/frame.js';
import { metricName, numberHead, scrollable } from '../html/results-table.js';
import { splitRuns } from '../model.js';
import {
  ASSUMPTIONS,
  describeSource,
  doubtNumbers,
  isShown,
  listMissing,
  type RunBesideStudy,
  summariseStudyComparison,
} from './model.js';

const PAIRED_BY = {
  settings: 'the settings of the method',
  id: 'the id of the row',
  user: 'the user',
} as const;

const OUTSIDE: readonly StudyVerdict[] = ['above', 'below'];

function comparedSection({ name, results: { run }, comparison: { pairs } }: RunBesideStudy): Markup {
  const line = (field: string, text: string): Markup => html`<dt>${field}</dt><dd><bdi>${text}</bdi></dd>\n`;
  const caption = 'Rows of the run and the rows of the study that they are compared with.';
  return html`<section><h2>What is compared</h2>
<dl>
${[
  line('Folder', name),
  line('Run', run.id),
  line('Preset', run.preset),
  line('Seeds', run.seeds.join(', ')),
  line('Generated data', run.synthetic ? 'yes' : 'none'),
  line('Command', run.command),
]}</dl>
${
  pairs.length > 0 &&
  scrollable(
    caption,
    html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Row of the run</th><th scope="col">Row of the study</th><th scope="col">Checkpoint</th><th scope="col" class="number">Epoch</th><th scope="col">Paired by</th></tr></thead>
<tbody>
${pairs.map(
  ({ row, studyRow, studyTitle, checkpoint, epoch, by }) =>
    html`<tr><th scope="row"><bdi>${row}</bdi></th><td>${studyTitle} <small>${studyRow}</small></td><td>${checkpoint}</td><td class="number">${epoch}</td><td>${PAIRED_BY[by]}</td></tr>\n`,
)}</tbody></table>`,
  )
}
</section>
`;
}

function figure(
  { value, interval }: { readonly value: number; readonly interval: ConfidenceInterval | null },
  mark: string,
  note: string,
): Markup {
  const below = [interval ? formatInterval(interval) : '', note].filter((text) => text !== '').join(', ');
  return html`<td class="number" data-value="${value}">${formatValue(value)}${mark}${below !== '' && html`<small>${below}</small>`}</td>`;
}

function line(cell: StudyCell, shown: RunBesideStudy): Markup {
  const { task, protocol, metric, run, study, difference, differenceInterval, verdict, reason } = cell;
  const words = shown.words(protocol);
  const title = shown.results.tasks.find(({ id }) => id === task)?.title ?? task;
  const { seeds, n, synthetic } = run!;
  const seedNote = seeds.length > 1 ? `seeds ${seeds.join(', ')}` : '';
  const sizes = n === study.n ? [seedNote, ''] : [[seedNote, `n ${n}`].filter(Boolean).join(', '), `n ${study.n}`];
  const text = html`${OUTSIDE.includes(verdict) ? html`<strong>${verdict}</strong>` : verdict}${
    reason !== undefined && html`: ${reason}`
  }`;
  const doubts = doubtNumbers(cell, shown).map(
    (number, i) => html`${i > 0 && ', '}<a href="#doubt-${number}" title="${shown.doubts[number - 1]!}">${number}</a>`,
  );
  return html`<tr><th scope="row"><bdi>${title}</bdi></th><td>${metricName(words, metric)}${
    run!.metric !== metric && html` <small>${run!.metric}</small>`
  }</td>${figure(run!, synthetic ? '\u00a0*' : '', sizes[0]!)}${figure(study, '', sizes[1]!)}<td class="number" data-value="${difference!}">${formatSigned(difference!)}</td><td class="number">${
    differenceInterval ? formatSignedInterval(differenceInterval) : '—'
  }</td><td class="verdict-cell">${text}</td><td>${doubts}</td></tr>\n`;
}

function groupTable(cells: readonly StudyCell[], shown: RunBesideStudy): Markup {
  const { row, studyRow, protocol } = cells[0]!;
  const { title } = shown.words(protocol);
  const caption = `${title}: ${oneLine(row)} of the run and ${studyRow} of the study.`;
  const n = 'Mean over the seeds of the run, with the 95 % interval of one training from the number of test examples.';
  return html`<h3><bdi>${row}</bdi>, ${title}</h3>
${scrollable(
  caption,
  html`<table class="sortable">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Task</th><th scope="col">Metric</th>${numberHead('Run', n, 2)}${numberHead(
    'Study',
    'Figure of the study’s result file, with its 95 % interval from the number of test examples.',
    3,
  )}${numberHead('Difference', 'Figure of the run minus that of the study.', 4)}${numberHead(
    '95 % interval',
    TERMS.differenceInterval,
  )}<th scope="col">Verdict</th><th scope="col">Doubts</th></tr></thead>
<tbody>
${cells.map((cell) => line(cell, shown))}</tbody></table>`,
)}
`;
}

/** Plots of the judged differences of one group, one for each metric. */
function groupPlots(cells: readonly StudyCell[], { words }: RunBesideStudy): Markup[] {
  const judged = cells.filter(({ differenceInterval }) => differenceInterval !== null);
  return [...new Set(judged.map(({ metric }) => metric))].flatMap((metric) => {
    const [first] = cells as [StudyCell];
    const ofMetric = judged.filter((cell) => cell.metric === metric);
    const label = ({ task, study: { job } }: StudyCell): string =>
      ofMetric.filter((cell) => cell.task === task).length > 1 ? `${job} ${task}` : task;
    const protocol = words(first.protocol).title;
    const points = ofMetric.map((cell) => ({
      id: label(cell),
      value: cell.difference!,
      low: cell.differenceInterval![0],
      high: cell.differenceInterval![1],
      sure: OUTSIDE.includes(cell.verdict),
      text: `${cell.task}: ${formatSigned(cell.difference!)} ${formatSignedInterval(cell.differenceInterval!)}, ${cell.verdict}`,
    }));
    return (
      drawDifferences(points, {
        title: `Differences of ${oneLine(first.row)} in ${metric}, ${protocol}, run minus study`,
        axis: '← study better · run better →',
        caption: html`<bdi>${first.row}</bdi>\n<small>${protocol}, ${metric}</small>`,
      }) ?? []
    );
  });
}

function figuresSection(shown: RunBesideStudy): Markup | undefined {
  const groups = splitRuns(
    [...shown.comparison.cells].filter(isShown).sort((a, b) => order(a, b, shown)),
    ({ row, protocol }) => JSON.stringify([row, protocol]),
  );
  if (groups.length === 0) return undefined;
  const plots = groups.flatMap((cells) => groupPlots(cells, shown));
  return html`<section><h2>Figures of the run and of the study</h2>
${shown.comparison.cells.some(({ run }) => run?.synthetic) && html`<p>${SYNTHETIC_LINE}</p>\n`}${groups.map((cells) => groupTable(cells, shown))}</section>
${
  plots.length > 0 &&
  html`<section><h2>Differences with their intervals</h2>
<p>Run minus study. Filled: outside the interval; hollow: within. Nothing is corrected for the number of figures.</p>
<div class="plots">
${plots}</div>
</section>
`
}`;
}

/** Sorts by pair, then by protocol in the order of the run; other orders stay. */
function order(a: StudyCell, b: StudyCell, { comparison: { pairs }, results }: RunBesideStudy): number {
  const place = ({ row, protocol }: StudyCell): readonly [number, number] => [
    pairs.findIndex((pair) => pair.row === row),
    (results.protocols ?? []).findIndex(({ id }) => id === protocol),
  ];
  const [first, second] = [place(a), place(b)];
  return first[0] - second[0] || first[1] - second[1] || a.protocol.localeCompare(b.protocol);
}

function doubtsSection({ doubts }: RunBesideStudy): Markup | undefined {
  if (doubts.length === 0) return undefined;
  return html`<section><h2>Reasons to doubt figures of the study</h2>
<ol>${doubts.map((doubt, i) => html`<li id="doubt-${i + 1}">${doubt}</li>\n`)}</ol>
</section>
`;
}

function missingSection(shown: RunBesideStudy): Markup | undefined {
  const { run, study } = shown.comparison.alone;
  const missing = listMissing(shown);
  const entries = [
    ...missing.map(
      ({ row, columns }) => html`<dt>Not in the run, <bdi>${row}</bdi></dt><dd><bdi>${columns}</bdi></dd>\n`,
    ),
    ...(run.length > 0
      ? [html`<dt>Rows of the run without a row of the study</dt><dd><bdi>${run.join('; ')}</bdi></dd>\n`]
      : []),
    ...(study.length > 0
      ? [html`<dt>Rows of the study without a row of the run</dt><dd>${study.join('; ')}</dd>\n`]
      : []),
  ];
  return entries.length === 0 ? undefined : html`<section><h2>On one side only</h2>\n<dl>${entries}</dl>\n</section>\n`;
}

function settingsSection({ comparison: { settings } }: RunBesideStudy): Markup | undefined {
  if (settings.length === 0) return undefined;
  const caption = `${plural(settings.length, 'setting')} that the run records and that the study had otherwise. Settings of single tasks, such as prompts and splits, are not compared.`;
  return html`<section><h2>How the run differs from the study</h2>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Setting</th><th scope="col">Run</th><th scope="col">Study</th></tr></thead>
<tbody>
${settings.map(
  ({ name, run, study }) =>
    html`<tr><th scope="row">${name}</th><td><bdi>${run ?? 'not set'}</bdi></td><td>${study}</td></tr>\n`,
)}</tbody></table>`,
)}
</section>
`;
}

const methodSection = (shown: RunBesideStudy): Markup => html`<section><h2>How it is judged</h2>
<ul>
${[...ASSUMPTIONS, describeSource(shown)].map((sentence) => html`<li>${sentence}</li>\n`)}</ul>
</section>
`;

/** A run beside the study's result files as one self-contained page. */
export function renderStudyComparison(shown: RunBesideStudy): string {
  const { name, results } = shown;
  return renderPage(
    `medbench: ${name} beside the study`,
    html`<h1>A run beside the study</h1>
${results.run.synthetic && html`<p class="banner" role="note">Generated phantoms: figures based on them say nothing about medicine.</p>`}
${summariseStudyComparison(shown).map((sentence) => html`<p>${sentence}</p>\n`)}`,
    html`${[
      figuresSection(shown),
      doubtsSection(shown),
      missingSection(shown),
      settingsSection(shown),
      comparedSection(shown),
      methodSection(shown),
    ]}`,
  );
}
