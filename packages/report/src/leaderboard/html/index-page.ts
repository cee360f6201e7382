import { ranksCaption, SYNTHETIC_LINE, tableCaption } from '../../caption.js';
import { capitalise, formatCount, plural } from '../../format.js';
import { TERMS } from '../../html/definition.js';
import { html, type Markup } from '../../html/escape.js';
import { renderPage } from '../../html/frame.js';
import { legendSection } from '../../html/legend.js';
import { rankSection } from '../../html/rank-diagram.js';
import {
  figureCell,
  footnotes,
  numberHead,
  rankCell,
  rankHead,
  resultsHead,
  scrollable,
  splitProtocols,
} from '../../html/results-table.js';
import { shadeColumn } from '../../html/shade.js';
import { modeSwitch, scaleLine, sizeClass } from '../../html/table-key.js';
import type { TableRow } from '../../model.js';
import type { Board } from '../board.js';
import { countParameters, distinguish, sizeName, trainedOn } from '../describe-entry.js';
import type { Entry } from '../entries.js';
import { listTasks, PAGES } from '../pages.js';
import { entryLink, HOW_TESTED, nameHead, phantomBanner } from './parts.js';
import { sourcesSection } from './sources-section.js';
import { BOARD_STYLE } from './style.js';

/** Most entries of the diagram of ranks. */
const MOST_RANKED = 30;

const FACETS = 'trained:Trained on;size:Size;generated:Generated data';
const TRAINED_ELSEWHERE = 'elsewhere, not known';

function facetAttributes(entry: Entry): Markup {
  const parameters = countParameters(entry);
  const corpora = trainedOn(entry);
  const trained = entry.control ? ['not trained'] : corpora.length > 0 ? corpora : [TRAINED_ELSEWHERE];
  const size = entry.control ? 'not trained' : parameters === undefined ? 'not known' : sizeName(parameters);
  return html` data-facet-trained="${trained.join('\n')}" data-facet-size="${size}" data-facet-generated="${
    entry.synthetic ? 'yes' : 'no'
  }"`;
}

function rowHead(entry: Entry, entries: readonly Entry[]): Markup {
  const apart = distinguish(entry, entries);
  const more = [
    ...(entry.control ? ['control'] : []),
    ...(entry.title === entry.row ? [] : [entry.title]),
    ...(apart.length > 0 ? apart : [entry.submissions[0]!.name]),
  ];
  return html`<th scope="row" data-value="${entry.label}"><span class="row"><span class="name">${entryLink(entry, '')}</span> <small><bdi>${more.join(' · ')}</bdi></small></span></th>`;
}

function otherCells(entry: Entry): Markup {
  const parameters = countParameters(entry);
  const corpora = trainedOn(entry);
  const size =
    parameters === undefined
      ? html`<td class="number rank">—</td>`
      : html`<td class="number rank" data-value="${parameters}">${formatCount(parameters)}</td>`;
  return html`${size}<td class="number rank" data-value="${entry.seeds.length}">${entry.seeds.length}</td><td class="rank"${
    corpora.length > 0 && html` data-value="${corpora.join(', ')}"`
  }><bdi>${corpora.join(', ') || '—'}</bdi></td>`;
}

function boardTable({ table, entries, sets }: Board, caption: string): Markup {
  const { columns, rows } = table;
  const shades = columns.map((_, i) => shadeColumn(table, i));
  const starts = new Set(splitProtocols(columns).map(([first]) => first));
  const ranking = ranksCaption(table).join(' ');
  const after = columns.length + 2;
  const cell = (row: TableRow, i: number): Markup => {
    const figure = row.figures[i]!;
    const shade = figure.value === null ? '' : shades[i]!(figure.value);
    return figureCell(figure, {
      reasons: table.notes,
      star: columns[i]!.synthetic === 'some' && figure.synthetic,
      empty: `not measured on ${sets[i]!.id}`,
      classes: `${shade}${starts.has(columns[i]!) ? ' start' : ''}`.trim(),
    });
  };
  const line = (row: TableRow, r: number): Markup =>
    html`<tr${facetAttributes(entries[r]!)}>${rowHead(entries[r]!, entries)}${rankCell(row.rank)}${columns.map((_, i) =>
      cell(row, i),
    )}${otherCells(entries[r]!)}</tr>\n`;
  const body = (name: string, control: boolean): Markup | false =>
    rows.some((row) => row.control === control) &&
    html`<tbody class="${name}">\n${rows.map((row, r) => row.control === control && line(row, r))}</tbody>\n`;
  const other = (label: string, column: number, definition: string): Markup =>
    html`<th scope="col" class="number rank" rowspan="3" data-column="${column}" title="${definition}"><span class="label">${label}</span></th>`;
  const head = resultsHead(columns, table.notes, {
    corner: nameHead('Model', 3),
    before: [rankHead(ranking || 'No two models have a figure in each of two columns.', 1)],
    after: [
      other('Parameters', after, 'Parameters of the two towers, without those that training discards.'),
      other('Seeds', after + 1, 'Number of trainings behind the figures.'),
      html`<th scope="col" class="rank" rowspan="3" data-column="${after + 2}" data-text data-lower><span class="label">Trained on</span></th>`,
    ],
  });
  return scrollable(
    'Results',
    html`<table class="sortable heat">
<caption><span>${caption}</span></caption>
${head}
${body('methods', false)}${body('controls', true)}</table>`,
  );
}

function resultsSection(board: Board): Markup {
  const { table } = board;
  if (table.columns.length === 0)
    return html`<section class="first"><h2>Results</h2>\n<p>No source has a figure.</p></section>\n`;
  const caption = [
    `${capitalise(
      tableCaption(table, true)
        .map((text) => text.replace('bold:', '★ and bold:'))
        .join(' · '),
    )}.`,
    '≈ not significantly worse than the best of the column; models without a mark are significantly worse (tests as below, 5 %).',
    ...(table.rows.some(({ control }) => control)
      ? ['Controls come last: no method trained them, and they are not tested.']
      : []),
    ...ranksCaption(table),
  ].join(' ');
  return html`<section class="first ${sizeClass(table)}" data-filter data-facets="${FACETS}"><h2>Results</h2>
${modeSwitch(table, true)}
${scaleLine(table)}
${boardTable(board, caption)}
${table.columns.some(({ synthetic }) => synthetic !== 'none') && html`<p>${SYNTHETIC_LINE}</p>`}
${footnotes(table)}
</section>
`;
}

function tasksSection(board: Board): Markup | undefined {
  const { table, sets } = board;
  const tasks = listTasks(board);
  if (tasks.length === 0) return undefined;
  const caption = 'Tasks, with the page of each.';
  const line = (task: string): Markup => {
    const own = table.columns.filter((_, i) => sets[i]!.task === task);
    const measured = table.rows.filter(
      ({ control, figures }) =>
        !control && own.some((column) => figures[table.columns.indexOf(column)]!.value !== null),
    );
    return html`<tr><th scope="row" data-value="${own[0]!.title}"><a href="${PAGES.task(task)}"><bdi>${own[0]!.title}</bdi></a>${
      own.some(({ synthetic }) => synthetic !== 'none') && '\u00a0*'
    }</th><td><bdi>${own[0]!.modality}</bdi></td><td>${[...new Set(own.map(({ words }) => words.title))].join(', ')}</td><td class="number" data-value="${measured.length}">${measured.length}</td><td class="number" data-value="${own[0]!.n}">${[...new Set(own.map(({ n }) => formatCount(n)))].join(', ')}</td></tr>\n`;
  };
  return html`<section><h2>Tasks</h2>
${scrollable(
  caption,
  html`<table class="sortable">
<caption><span>${caption}</span></caption>
<thead><tr>${nameHead('Task')}<th scope="col">Modality</th><th scope="col">Protocols</th>${numberHead('Models', 'Number of models with a figure.', 3)}${numberHead('n', TERMS.n, 4)}</tr></thead>
<tbody>
${tasks.map(line)}</tbody></table>`,
)}
</section>
`;
}

/** The front page of a leaderboard: the table with its filters, ranks, tests, tasks and sources. */
export function renderIndex(board: Board): string {
  const { title, entries, sources, table, pooled } = board;
  const models = entries.filter(({ control }) => !control);
  const about = [
    plural(models.length, 'model'),
    ...(models.length < entries.length ? [plural(entries.length - models.length, 'control')] : []),
    plural(table.columns.length, 'column'),
    `${plural(sources.length, 'folder')} of results`,
    'not for clinical use',
  ];
  const synthetic = table.rows.flatMap(({ figures }) =>
    figures.flatMap((figure) => (figure.value === null ? [] : [figure.synthetic])),
  );
  return renderPage(
    title,
    html`<h1><bdi>${title}</bdi></h1>
${phantomBanner(synthetic)}
<p class="muted">${about.join(' · ')}</p>`,
    html`${[
      (board.ranks?.methods.length ?? 0) <= MOST_RANKED && rankSection(table),
      tasksSection(board),
      html`<section><h2>How differences are tested</h2>
<ul>${HOW_TESTED.map((sentence) => html`<li>${sentence}</li>\n`)}</ul>
</section>
`,
      sourcesSection(board),
      legendSection(pooled),
      html`<section><h2>For programs</h2>
<p><a href="${PAGES.data}">data.json</a> has all figures, tests and sources. This site shows no images and no texts of the data.</p>
</section>
`,
    ]}`,
    resultsSection(board),
    { style: BOARD_STYLE },
  );
}
