/**
 * Says what a number means where it stands. Pressing a definition shows it; in tables of numbers one cell can be focused,
 * arrow keys go from cell to cell, and the cell under the pointer, finger or focus says what it is: its row and column,
 * the definition of its metric, what its marks rest on. Escape closes it.
 */
export const TIPS_SCRIPT = `
const tip = document.createElement('div');
tip.className = 'tip';
tip.id = 'tip';
tip.setAttribute('role', 'tooltip');
tip.setAttribute('dir', 'auto');
tip.hidden = true;
document.body.append(tip);
let shownFor;
const hide = () => {
  tip.hidden = true;
  if (shownFor) shownFor.removeAttribute('aria-describedby');
  shownFor = undefined;
};
const show = (element, lines) => {
  if (shownFor === element) return;
  hide();
  tip.replaceChildren(...lines.filter(Boolean).map((line) => {
    const p = document.createElement('p');
    p.textContent = line;
    return p;
  }));
  if (!tip.childNodes.length) return;
  tip.hidden = false;
  shownFor = element;
  element.setAttribute('aria-describedby', 'tip');
  const at = element.getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const wide = document.documentElement.clientWidth;
  const below = at.bottom + own.height + 8 < window.innerHeight || at.top < own.height + 8;
  tip.style.left = Math.max(8, Math.min(at.left, wide - own.width - 8)) + window.scrollX + 'px';
  tip.style.top = (below ? at.bottom + 6 : at.top - own.height - 6) + window.scrollY + 'px';
};
const headOf = (cell) => {
  const head = cell.closest('table').tHead;
  return head && (head.querySelector('[data-column="' + cell.cellIndex + '"]') || head.rows[head.rows.length - 1].cells[cell.cellIndex]);
};
// What a cell says is said in one place: titles inside of it would show a second time under the pointer.
for (const element of document.querySelectorAll('main td [title]')) {
  element.dataset.tip = element.title;
  element.removeAttribute('title');
}
const titleOf = (element) => element && element.getAttribute('title');
const linesOf = (cell) => {
  const head = headOf(cell);
  const words = (element) => element ? element.textContent.replace(/\\s+/g, ' ').trim() : '';
  const definition = head && head.querySelector('.def');
  const inside = [...cell.querySelectorAll('[data-tip], .mark')].map((element) => element.dataset.tip || element.getAttribute('aria-label'));
  const spread = cell.querySelector('small');
  const kind = spread && (spread.textContent.startsWith('±') ? 'deviation' : spread.textContent.startsWith('[') && 'interval');
  const label = head && head.querySelector('.sort, .label');
  return [
    words(cell.parentElement.cells[0]) + ' · ' + (titleOf(head) || words(label || head)),
    titleOf(definition) && words(definition) !== '?' ? words(definition) + ': ' + titleOf(definition) : titleOf(definition),
    kind && words(spread) + ': ' + document.body.dataset[kind],
    ...inside,
  ];
};
const numbers = (table) => [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.hidden);
for (const table of document.querySelectorAll('main table')) {
  const first = table.querySelector('td.number, td.failed');
  if (first) first.tabIndex = 0;
}
const focusCell = (cell) => {
  for (const other of cell.closest('table').querySelectorAll('td[tabindex]')) other.removeAttribute('tabindex');
  cell.tabIndex = 0;
  cell.focus();
};
const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') return hide();
  const cell = event.target.closest && event.target.closest('td[tabindex]');
  if (!cell || !step[event.key]) return;
  const rows = numbers(cell.closest('table'));
  const [down, right] = step[event.key];
  const row = rows[rows.indexOf(cell.parentElement) + down];
  let next = row && row.cells[cell.cellIndex + right];
  while (next && next.hidden) next = next[right < 0 ? 'previousElementSibling' : 'nextElementSibling'];
  if (!next || next.tagName !== 'TD') return;
  event.preventDefault();
  focusCell(next);
});
const cellAt = (event) => event.target.closest && event.target.closest('main td.number, main td.failed');
document.addEventListener('click', (event) => {
  const button = event.target.closest('.def');
  if (button) return shownFor === button ? hide() : show(button, [titleOf(button)]);
  const cell = cellAt(event);
  if (!cell) return hide();
  if (event.target.closest('a')) return;
  focusCell(cell);
  show(cell, linesOf(cell));
});
document.addEventListener('focusin', (event) => {
  const cell = cellAt(event);
  if (cell && cell === event.target) show(cell, linesOf(cell));
});
// Under a mouse, after a moment's rest.
let resting;
document.addEventListener('pointerover', (event) => {
  clearTimeout(resting);
  const cell = event.pointerType === 'mouse' && cellAt(event);
  if (cell) resting = setTimeout(() => show(cell, linesOf(cell)), 400);
  else if (shownFor && shownFor !== document.activeElement) hide();
});
document.addEventListener('focusout', (event) => {
  if (event.target === shownFor) hide();
});
`;
