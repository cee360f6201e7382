import type { ResultTable } from '../model.js';
import { html, Markup } from './escape.js';
import { listGuesses, STEPS } from './shade.js';

/** Most columns whose figures fit side by side on a desktop screen. Beyond this, the table begins with colours only. */
const WIDEST = 16;

/** Most columns that leave room for the whole titles of the rows, and for the intervals on paper. */
const ROOMY = 9;

/** What the cells show, at the reader's choice. The style sheet hides the rest. */
const MODES = { colours: 'colours', values: 'values', full: 'values and intervals' } as const;

/** The class of the section by the number of columns: `wide`, `roomy`, or empty between them. */
export const sizeClass = ({ columns }: ResultTable): string =>
  columns.length > WIDEST ? 'wide' : columns.length <= ROOMY ? 'roomy' : '';

/**
 * The choice of what the cells show. It works without scripts.
 * @param intervals whether a table with room for them begins with intervals.
 */
export function modeSwitch({ columns }: ResultTable, intervals = false): Markup {
  const chosen = columns.length > WIDEST ? 'colours' : intervals && columns.length <= ROOMY ? 'full' : 'values';
  return html`<fieldset class="modes"><legend>Cells show</legend>${Object.entries(MODES).map(
    ([mode, name]) =>
      html`<label><input type="radio" name="cells" value="${mode}"${mode === chosen && new Markup(' checked')}> ${name}</label>`,
  )}</fieldset>`;
}

/** Explains colours and marks in one line. */
export function scaleLine(table: ResultTable): Markup {
  const figures = table.rows.flatMap((row) => row.figures);
  const marks = new Set<string>(figures.flatMap((figure) => figure.marks.map(({ symbol }) => symbol)));
  const guesses = listGuesses(table);
  const swatch = (shade: string): Markup => html`<i class="${shade}"></i>`;
  const parts = [
    html`<span class="swatches">worst ${Array.from({ length: STEPS }, (_, i) => swatch(`h${i}`))} best method of the column</span>`,
    guesses.length > 0 && html`${swatch('low')} no better than ${guesses.join(' or ').toLowerCase()}`,
    figures.some(({ best }) => best) && html`★ best`,
    marks.has('≈') && html`≈ not significantly worse`,
    marks.has('∘') && html`∘ not significantly above every control`,
    marks.has('?') && html`? not tested against the best`,
    figures.some(({ status }) => status === 'failed') && html`${swatch('failed')} failed`,
  ].filter((part) => part !== false);
  return html`<p class="scale">${parts.map((part) => html`<span>${part}</span> `)}</p>`;
}
