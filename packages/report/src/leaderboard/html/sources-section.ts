import { plural } from '../../format.js';
import { html, type Markup } from '../../html/escape.js';
import { scrollable } from '../../html/results-table.js';
import type { Board } from '../board.js';
import type { Repeated } from '../gather.js';
import type { Source } from '../sources.js';

/** How far the figures of a source follow from the scores of its examples. */
function describeChecks({ checked: { recomputed, withoutScores } }: Source): string {
  return [
    ...(recomputed > 0 ? [`${plural(recomputed, 'figure')} computed again from the scores`] : []),
    ...(withoutScores > 0 ? [`${plural(withoutScores, 'figure')} without scores: not checked and not tested`] : []),
  ].join('; ');
}

/** Says which of two folders is used for a row and seed that both have. */
export const describeRepeated = ({ row, seed, used, unused, differs }: Repeated): string =>
  `${row}, seed ${seed}, is in ${used} and in ${unused}: counted once, from ${used}${
    differs ? '. The figures of the two differ' : ''
  }`;

/** The section that names every source: what it holds, what was checked, and what was left out. */
export function sourcesSection({ sources, refused, repeated, submissions }: Board): Markup {
  const caption =
    'Folders of results, and what was checked in each. Folders of one group hold other seeds, rows or tasks under the same settings.';
  const group = (source: Source): number =>
    1 + submissions.findIndex((submission) => submission.sources.includes(source));
  const line = (source: Source): Markup => {
    const { run, methods } = source.results;
    const rows = methods.filter(({ control }) => !control).length;
    return html`<tr><th scope="row"><bdi>${source.name}</bdi></th><td class="number">${group(source)}</td><td><bdi>${run.id}</bdi></td><td><bdi>${run.preset}</bdi></td><td><bdi>${run.backend}</bdi></td><td class="number">${rows}</td><td><bdi>${run.seeds.join(', ')}</bdi></td><td>${describeChecks(source)}</td></tr>\n`;
  };
  return html`<section><h2>Sources</h2>
${scrollable(
  caption,
  html`<table>
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Folder</th><th scope="col" class="number">Group</th><th scope="col">Run</th><th scope="col">Preset</th><th scope="col">Backend</th><th scope="col" class="number">Rows</th><th scope="col">Seeds</th><th scope="col">Checked</th></tr></thead>
<tbody>
${sources.map(line)}</tbody></table>`,
)}
${
  refused.length > 0 &&
  html`<h3>Left out</h3>
<ul>${refused.map(({ source, reason }) => html`<li class="warning"><bdi>${source}</bdi>: <bdi>${reason}</bdi></li>\n`)}</ul>`
}
${
  repeated.length > 0 &&
  html`<h3>In several folders</h3>
<ul>${repeated.map((one) => html`<li><bdi>${describeRepeated(one)}</bdi></li>\n`)}</ul>`
}
</section>
`;
}
