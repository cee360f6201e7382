type Line = string | null | undefined | false;

/** Movement of the focus for each arrow key, in rows and cells. */
const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
};

/** Time in milliseconds that the mouse must rest on a cell before its tip shows. */
const REST = 400;

/**
 * Explains numbers in place. Pressing a word with a definition shows the definition. In each table of numbers one cell
 * can be focused, and arrow keys move the focus from cell to cell. The cell under the pointer, finger or focus shows a
 * tip with its row and column, the definition of its metric, and the comparisons behind its marks. Escape closes the
 * tip.
 */
export function showTips(document: Document): void {
  const tip = new Tip(document);
  prepareTips(document.querySelector('main')!);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return tip.hide();
    const cell = closest<HTMLTableCellElement>(event, 'td[tabindex]');
    const step = STEPS[event.key];
    const next = cell && step && neighbour(cell, step);
    if (!next) return;
    event.preventDefault();
    focusCell(next);
  });
  document.addEventListener('click', (event) => {
    const button = closest(event, '.def');
    if (button) return tip.element === button ? tip.hide() : tip.show(button, [readTitle(button)]);
    const cell = numberCell(event);
    if (!cell) return tip.hide();
    if (closest(event, 'a')) return;
    focusCell(cell);
    tip.show(cell, listLines(cell));
  });
  document.addEventListener('focusin', (event) => {
    const cell = numberCell(event);
    if (cell && cell === event.target) tip.show(cell, listLines(cell));
  });
  let resting: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('pointerover', (event) => {
    clearTimeout(resting);
    const cell = event.pointerType === 'mouse' ? numberCell(event) : null;
    if (cell) resting = setTimeout(() => tip.show(cell, listLines(cell)), REST);
    else if (tip.element && tip.element !== document.activeElement) tip.hide();
  });
  document.addEventListener('focusout', (event) => {
    if (event.target === tip.element) tip.hide();
  });
}

/** Makes the cells of tables in the main part of the page explain themselves. */
export function prepareTips(root: ParentNode): void {
  // The tip of a cell includes titles inside of the cell: the browser would show them a second time under the pointer.
  for (const element of root.querySelectorAll<HTMLElement>('td [title]')) {
    element.dataset.tip = element.title;
    element.removeAttribute('title');
  }
  for (const table of root.querySelectorAll('table')) {
    const first = table.querySelector<HTMLTableCellElement>('td.number, td.failed');
    if (first) first.tabIndex = 0;
  }
}

/** The tooltip of the page. It appears below its element, or above it if there is no room below. */
class Tip {
  /** The element that the tip explains; undefined while the tip is hidden. */
  element: Element | undefined;
  readonly #box: HTMLElement;

  constructor(readonly document: Document) {
    this.#box = document.createElement('div');
    this.#box.className = 'tip';
    this.#box.id = 'tip';
    this.#box.setAttribute('role', 'tooltip');
    this.#box.setAttribute('dir', 'auto');
    this.#box.hidden = true;
    document.body.append(this.#box);
  }

  hide(): void {
    this.#box.hidden = true;
    this.element?.removeAttribute('aria-describedby');
    this.element = undefined;
  }

  show(element: Element, lines: readonly Line[]): void {
    if (this.element === element) return;
    this.hide();
    const paragraphs = lines.filter(Boolean).map((line) => {
      const paragraph = this.document.createElement('p');
      paragraph.textContent = line as string;
      return paragraph;
    });
    this.#box.replaceChildren(...paragraphs);
    if (paragraphs.length === 0) return;
    this.#box.hidden = false;
    this.element = element;
    element.setAttribute('aria-describedby', 'tip');
    const place = element.getBoundingClientRect();
    const box = this.#box.getBoundingClientRect();
    const pageWidth = this.document.documentElement.clientWidth;
    const below = place.bottom + box.height + 8 < window.innerHeight || place.top < box.height + 8;
    this.#box.style.left = `${Math.max(8, Math.min(place.left, pageWidth - box.width - 8)) + window.scrollX}px`;
    this.#box.style.top = `${(below ? place.bottom + 6 : place.top - box.height - 6) + window.scrollY}px`;
  }
}

const closest = <E extends Element>(event: Event, selector: string): E | null =>
  event.target instanceof Element ? event.target.closest<E>(selector) : null;

const numberCell = (event: Event): HTMLTableCellElement | null => closest(event, 'main td.number, main td.failed');

const readTitle = (element: Element | null | undefined): string | null | undefined => element?.getAttribute('title');

const readText = (element: Node | null | undefined): string =>
  element ? element.textContent!.replace(/\s+/g, ' ').trim() : '';

/** The header of a cell's column. */
function findHeader(cell: HTMLTableCellElement): Element | null | undefined {
  const head = cell.closest('table')!.tHead;
  return (
    head &&
    (head.querySelector(`[data-column="${cell.cellIndex}"]`) ?? head.rows[head.rows.length - 1]!.cells[cell.cellIndex])
  );
}

/**
 * Lines of a cell's tip: its row and column, its figure, which the table may hide, the metric's definition, the meaning
 * of its spread, and its marks.
 */
function listLines(cell: HTMLTableCellElement): Line[] {
  const head = findHeader(cell);
  const definition = head?.querySelector('.def');
  const notes = [...cell.querySelectorAll<HTMLElement>('[data-tip], .mark')].map(
    (element) => element.dataset.tip || element.getAttribute('aria-label'),
  );
  const spread = cell.querySelector('small');
  const meanings = [
    ['±', 'deviation'],
    ['[', 'interval'],
  ].flatMap(([sign, kind]) => (spread?.textContent?.includes(sign!) ? cell.ownerDocument.body.dataset[kind!]! : []));
  const row = (cell.parentElement as HTMLTableRowElement).cells[0];
  const defined = readTitle(definition);
  const value =
    cell.dataset.value !== undefined && cell.closest('.heat') && `${readText(cell.firstChild)} ${readText(spread)}`;
  return [
    `${readText(row)} · ${readTitle(head) || readText(head?.querySelector('.sort, .label') ?? head)}`,
    value,
    defined && readText(definition) !== '?' ? `${readText(definition)}: ${defined}` : defined,
    meanings.length > 0 && `${readText(spread)}: ${meanings.join(' ')}`,
    ...notes,
  ];
}

/** The next cell in a direction, skipping hidden rows and columns. */
function neighbour(
  cell: HTMLTableCellElement,
  [down, right]: readonly [number, number],
): HTMLTableCellElement | undefined {
  const rows = [...cell.closest('table')!.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.hidden);
  const row = rows[rows.indexOf(cell.parentElement as HTMLTableRowElement) + down];
  let next: Element | null | undefined = row?.cells[cell.cellIndex + right];
  while (next instanceof HTMLElement && next.hidden) {
    next = right < 0 ? next.previousElementSibling : next.nextElementSibling;
  }
  return next instanceof HTMLTableCellElement && next.tagName === 'TD' ? next : undefined;
}

/** Moves the focus to a cell, and makes it the only cell of its table that the tab key reaches. */
function focusCell(cell: HTMLTableCellElement): void {
  for (const other of cell.closest('table')!.querySelectorAll('td[tabindex]')) other.removeAttribute('tabindex');
  cell.tabIndex = 0;
  cell.focus();
}
