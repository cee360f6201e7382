import type { RunResults } from '@medbench/core';
import { capitalise, plural } from '../format.js';
import { type ResultTable, splitRuns, type TableColumn } from '../model.js';
import { html, type Markup } from './escape.js';

/**
 * One data set: `PneumoniaMNIST (zero-shot, linear probe; 624 test examples)`, marked * if any figure uses generated
 * data.
 */
function dataSet(columns: readonly TableColumn[]): Markup {
  const [{ title, synthetic }] = columns as [TableColumn];
  const n = Math.max(...columns.map((column) => column.n));
  const protocols = [...new Set(columns.map(({ words }) => words.title))].join(', ');
  return html`<bdi>${title}</bdi>${synthetic !== 'none' && '\u00a0*'} (${protocols}; ${plural(n, 'test example')})`;
}

function dataSets({ columns }: ResultTable): Markup | undefined {
  const primary = columns.filter(({ rare }) => !rare);
  if (primary.length === 0) return undefined;
  const groupByTask = (group: readonly TableColumn[]): TableColumn[][] =>
    [...new Set(group.map(({ task }) => task))].map((task) => group.filter((column) => column.task === task));
  const lines = splitRuns(primary, ({ modality }) => modality).map(
    (group) =>
      html`<dt><bdi>${capitalise(group[0]!.modality)}</bdi></dt><dd>${groupByTask(group).map(
        (columns, i) => html`${i > 0 && ', '}${dataSet(columns)}`,
      )}</dd>`,
  );
  const list = html`<dl class="info">${lines}</dl>`;
  const tasks = new Set(primary.map(({ task }) => task)).size;
  return tasks > 12
    ? html`<details><summary>The ${tasks} tasks</summary>${list}</details>`
    : html`<h3>Measured on</h3>\n${list}`;
}

/** The source of the general-domain weights, as far as the settings record it. */
function generalWeights({ settings }: RunResults['run']): [string, string][] {
  const { 'general.corpus': corpus } = settings;
  // Settings are flat: a missing value is the text 'null'.
  const named = (name: string, title: string): [string, string][] => {
    const value = settings[name];
    return typeof value === 'string' && value !== 'null' ? [[title, value]] : [];
  };
  const whole = named('general.weights', 'General-domain weights');
  const trained: [string, string][] =
    corpus === undefined ? [] : [['General-domain weights', `trained in this run, on ${corpus}`]];
  return [
    ...(whole.length > 0 ? whole : trained),
    ...named('general.image', 'Weights of the image tower'),
    ...named('general.text', 'Weights of the text tower'),
    ...named('model.vocabulary', 'Vocabulary'),
  ];
}

/** The section that says what was run, and on which data. */
export function summarySection({ run, methods }: RunResults, table: ResultTable): Markup {
  const { rows, columns } = table;
  const trained = rows.filter(({ control }) => !control).length;
  const controls = rows.length - trained;
  const tasks = new Set(columns.map(({ task }) => task)).size;
  const modalities = new Set(columns.map(({ modality }) => modality)).size;
  const rowCounts = [plural(trained, 'method'), ...(controls > 0 ? [plural(controls, 'control')] : [])].join(' and ');
  const modalityCount = modalities === 1 ? '1 modality' : `${modalities} modalities`;
  const info: [string, string][] = [
    ...(run.study ? ([['Study', run.study.title]] as [string, string][]) : []),
    ['Run', run.id],
    ['Preset', run.preset],
    ['Backend', run.backend],
    [run.seeds.length > 1 ? 'Seeds' : 'Seed', run.seeds.join(', ')],
    ['Trained on', run.corpora.length > 0 ? run.corpora.join(', ') : 'no corpus named'],
    ...generalWeights(run),
    ['Generated data', run.synthetic ? 'yes: figures based on it are marked *' : 'none'],
  ];
  return html`<section><h2>What was run</h2>
<p>${methods.length === 0 && rows.length === 0 ? 'No method' : rowCounts} on ${plural(tasks, 'task')}${
    tasks > 0 && ` in ${modalityCount}`
  }, ${plural(columns.length, 'column')} of figures. Not for clinical use.</p>
<dl class="info">${info.map(([name, value]) => html`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>`)}</dl>
${dataSets(table)}
</section>
`;
}
