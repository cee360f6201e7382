/**
 * Sorts tables by the column whose header is pressed. The label becomes a button here, so that a page without scripts
 * shows none. Methods and controls are separate bodies and stay apart; cells without a value go last.
 */
export const SORT_SCRIPT = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.querySelectorAll('th[data-column]')];
  for (const head of heads) {
    const label = head.querySelector('.label');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'sort';
    button.append(...label.childNodes);
    label.replaceWith(button);
    button.addEventListener('click', () => {
      const column = Number(head.dataset.column);
      // The first press puts the best first.
      const now = head.getAttribute('aria-sort');
      const sign = now === null ? ('lower' in head.dataset ? 1 : -1) : now === 'descending' ? 1 : -1;
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', sign < 0 ? 'descending' : 'ascending');
      const key = (row) => row.cells[column].dataset.value;
      for (const body of table.tBodies) {
        const rows = [...body.rows].filter((row) => row.cells.length > column);
        rows.sort((a, b) => {
          const [x, y] = [key(a), key(b)];
          if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
          return sign * (x - y || 0);
        });
        body.append(...rows);
      }
    });
  }
}
`;
