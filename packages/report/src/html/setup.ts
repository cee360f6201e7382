import type { FrozenPart, RowSetup, RunResults } from '@medbench/core';
import { plural } from '../format.js';
import { html, type Markup } from './escape.js';
import { scrollable } from './results-table.js';
import { methodTitle } from './training.js';

const describeFrozen = (tower: string, { blocks, parameters }: FrozenPart): string[] =>
  parameters === 0 ? [] : [`${tower}: ${blocks} blocks, ${parameters.toLocaleString('en')} parameters`];

/** The settings in one line. */
const formatSettings = ({ settings }: RowSetup): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');

/**
 * Texts about batches that were split to fit in memory. Seeds are named if not all of the row's seeds were split alike.
 */
function listChunks({ training }: RunResults, row: string): string[] {
  const records = training.filter(({ method, setup }) => method === row && setup);
  const sizes = [...new Set(records.flatMap(({ setup }) => setup?.chunkSize ?? []))];
  return sizes.map((size) => {
    const split = records.filter(({ setup }) => setup?.chunkSize === size).map(({ seed }) => seed);
    const which = split.length < records.length ? ` (seed ${split.join(', ')})` : '';
    return `batch split into chunks of ${size} to fit in memory${which}`;
  });
}

/** Describes the set-up of a row, from the code that trained it, by names and texts. */
export function describeSetup(
  setup: RowSetup,
  chunks: readonly string[] = [],
): readonly (readonly [name: string, text: string])[] {
  const frozen = [...describeFrozen('image', setup.frozen.image), ...describeFrozen('text', setup.frozen.text)];
  const extras = [
    ...(setup.newInTowers ? [`new in the towers: ${setup.newInTowers.toLocaleString('en')} parameters`] : []),
    ...(setup.inputs.length > 0 ? [`extra inputs: ${setup.inputs.join(', ')}`] : []),
    ...(setup.teacher === null ? [] : [`moving average (EMA) teacher, momentum ${setup.teacher}`]),
    ...chunks,
    ...(setup.phases.length > 1 ? [`phases of ${setup.phases.join(' and ')} steps`] : []),
  ];
  return [
    ['Starts from', setup.start === 'general' ? 'general-domain weights' : 'random weights'],
    ['Frozen', frozen.join('; ') || 'nothing'],
    ['Extra parameters', setup.own === 0 ? 'none' : setup.own.toLocaleString('en')],
    ['Other differences', extras.join('; ') || 'nothing'],
    ['Settings', formatSettings(setup) || 'none'],
  ];
}

/** The section that lists how the rows differ, from the records of their training; undefined without records. */
export function setupSection(results: RunResults): Markup | undefined {
  const { training } = results;
  const rows = new Map(training.flatMap(({ method, setup }) => (setup ? [[method, setup] as const] : [])));
  const [first] = rows.values();
  if (!first) return undefined;
  return html`<section><h2>What differs between the rows</h2>
<p>Taken from the code of ${plural(rows.size, 'method')}. Data and their order, optimizer, schedule, batch, seeds and
evaluation are the same for all.</p>
${scrollable(
  'What differs between the rows',
  html`<table>
<caption><span>From the code that trained each row.</span></caption>
<thead><tr><th scope="col" class="corner">Row</th>${describeSetup(first).map(([name]) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${[...rows].map(
  ([method, setup]) => html`<tr><th scope="row"><bdi>${methodTitle(results, method)}</bdi></th>${describeSetup(
    setup,
    listChunks(results, method),
  ).map(([, text]) => html`<td><bdi>${text}</bdi></td>`)}</tr>
`,
)}</tbody></table>`,
)}
</section>
`;
}
