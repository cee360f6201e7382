/**
 * Sorts tables by the column whose header is pressed: by number, or by text where the header says so (`data-text`). This script turns labels into buttons, so that a page without
 * scripts shows no buttons. Methods and controls are separate table bodies and are sorted separately; cells without a
 * value go last.
 */
export function sortTables(root: ParentNode): void {
  for (const table of root.querySelectorAll<HTMLTableElement>('table.sortable')) {
    const heads = [...table.querySelectorAll<HTMLTableCellElement>('th[data-column]')];
    for (const head of heads) {
      const label = head.querySelector('.label')!;
      const button = head.ownerDocument.createElement('button');
      button.type = 'button';
      button.className = 'sort';
      button.append(...label.childNodes);
      label.replaceWith(button);
      button.addEventListener('click', () => sortBy(table, heads, head));
    }
  }
}

function sortBy(table: HTMLTableElement, heads: readonly HTMLTableCellElement[], head: HTMLTableCellElement): void {
  const column = Number(head.dataset.column);
  // The first press sorts the best value first.
  const direction = head.getAttribute('aria-sort');
  const sign = direction === null ? ('lower' in head.dataset ? 1 : -1) : direction === 'descending' ? 1 : -1;
  for (const other of heads) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', sign < 0 ? 'descending' : 'ascending');
  const compare = 'text' in head.dataset ? (x: string, y: string) => x.localeCompare(y) : compareNumbers;
  const valueIn = (row: HTMLTableRowElement): string | undefined => row.cells[column]!.dataset.value;
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => row.cells.length > column);
    rows.sort((a, b) => {
      const [x, y] = [valueIn(a), valueIn(b)];
      if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
      return sign * compare(x, y);
    });
    body.append(...rows);
  }
}

const compareNumbers = (x: string, y: string): number => Number(x) - Number(y) || 0;
