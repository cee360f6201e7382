import type { RunResults } from '@medbench/core';
import { plural } from '../format.js';
import type { ResultTable } from '../model.js';
import { html, type Markup } from './escape.js';

/** `8 methods on 7 tasks`, or what the run has so far. */
function describeSize({ rows, columns }: ResultTable): string {
  const methods = rows.filter(({ control }) => !control).length;
  const tasks = new Set(columns.map(({ task }) => task)).size;
  return `${plural(methods, 'method')} on ${plural(tasks, 'task')}`;
}

/** Says that figures are of generated data, if some are. */
export function banner(
  { run }: { readonly run: Pick<RunResults['run'], 'synthetic'> },
  { columns }: ResultTable,
): Markup | undefined {
  const marked = columns.filter(({ synthetic }) => synthetic !== 'none').length;
  if (!run.synthetic && marked === 0) return undefined;
  const someReal = marked > 0 && columns.some(({ synthetic }) => synthetic !== 'all');
  return html`<p class="banner" role="note">Generated phantoms: ${
    someReal ? 'the figures marked * say' : 'these figures say'
  } nothing about medicine.</p>`;
}

/** The head of the page: what was compared with what, and whether the data is generated. */
export function pageHeading(results: RunResults, table: ResultTable): Markup {
  const { run } = results;
  const controls = table.rows.filter(({ control }) => control).length;
  const about = [
    `medbench run ${run.id}`,
    `preset ${run.preset}`,
    ...(controls > 0 ? [plural(controls, 'control')] : []),
    plural(table.columns.length, 'column'),
    'not for clinical use',
  ];
  return html`<h1>${run.study && html`<bdi>${run.study.title}</bdi>: `}${describeSize(table)}, ${plural(run.seeds.length, 'seed')}</h1>
${banner(results, table)}
<p class="muted"><bdi>${about.join(' · ')}</bdi></p>
${run.study && html`<p>The question: <bdi>${run.study.question}</bdi></p>`}`;
}
