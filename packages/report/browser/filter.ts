/**
 * Adds filters above the tables of each section with `data-filter`: words of a row's name, modality and protocol of
 * columns. A status line says how many rows and columns are shown; screen readers announce it.
 */
export function filterTables(document: Document): void {
  for (const section of document.querySelectorAll<HTMLElement>('[data-filter]')) filterSection(document, section);
}

/** The reader's filter settings: words in lower case; an empty value matches everything. */
interface FilterChoice {
  readonly words: readonly string[];
  readonly modality: string;
  readonly protocol: string;
}

function filterSection(document: Document, section: HTMLElement): void {
  const tables = [...section.querySelectorAll<HTMLTableElement>('table.sortable')];
  const bar = document.createElement('div');
  bar.className = 'filter';
  bar.setAttribute('role', 'search');
  bar.setAttribute('aria-label', 'Filter the results');

  const addField = (name: string, element: HTMLElement): void => {
    const label = document.createElement('label');
    label.append(`${name} `, element);
    bar.append(label);
    element.addEventListener('input', apply);
  };
  /** Creates a menu of the columns' values, and adds it to the bar only if there are two or more values. */
  const addChoice = (name: string, key: 'modality' | 'protocol'): HTMLSelectElement => {
    const select = document.createElement('select');
    const heads = section.querySelectorAll<HTMLTableCellElement>(`th[data-${key}]`);
    const values = [...new Set([...heads].map((head) => head.dataset[key]!))];
    for (const value of ['', ...values]) {
      const option = document.createElement('option');
      option.value = value;
      option.textContent = value || 'all';
      select.append(option);
    }
    if (values.length > 1) addField(name, select);
    return select;
  };

  const text = document.createElement('input');
  text.type = 'search';
  addField('Rows with', text);
  const modality = addChoice('Modality', 'modality');
  const protocol = addChoice('Protocol', 'protocol');
  const status = document.createElement('span');
  status.setAttribute('role', 'status');
  bar.append(status);
  section.querySelector('h2')!.after(bar);

  function apply(): void {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const choice = { words, modality: modality.value, protocol: protocol.value };
    const rows = new Set<string>();
    let columns = 0;
    for (const table of tables) {
      const shown = filterTable(table, choice);
      columns += shown.columns;
      for (const row of shown.rows) rows.add(row);
    }
    const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
    const filtered = words.length > 0 || modality.value !== '' || protocol.value !== '';
    status.textContent = filtered ? `${count(rows.size, 'row')}, ${count(columns, 'column')}` : '';
  }
}

/** Shows the matching rows and columns and hides the others. @returns names of the rows, and number of data columns. */
function filterTable(
  table: HTMLTableElement,
  choice: FilterChoice,
): { readonly rows: string[]; readonly columns: number } {
  const heads = [...table.querySelectorAll<HTMLTableCellElement>('th[data-column]')];
  const holdsData = (head: HTMLTableCellElement): boolean => head.dataset.protocol !== undefined;
  const shown = heads.map(
    (head) =>
      !holdsData(head) ||
      ((!choice.modality || head.dataset.modality === choice.modality) &&
        (!choice.protocol || head.dataset.protocol === choice.protocol)),
  );
  const columns = heads.filter((head, i) => shown[i] && holdsData(head)).length;
  heads.forEach((head, i) => {
    head.hidden = !shown[i];
  });
  for (const line of [...table.tHead!.rows].slice(0, -1)) spanShown(line, shown);
  const rows: string[] = [];
  for (const body of table.tBodies) {
    for (const row of body.rows) {
      const name = row.cells[0]!.textContent!.toLowerCase();
      row.hidden = !choice.words.every((word) => name.includes(word));
      if (!row.hidden) rows.push(name);
      heads.forEach((head, i) => {
        row.cells[Number(head.dataset.column)]!.hidden = !shown[i];
      });
    }
  }
  table.parentElement!.hidden = columns === 0 && heads.some(holdsData);
  return { rows, columns };
}

/** Sets the span of each group header to the number of its columns that are shown. */
function spanShown(line: HTMLTableRowElement, shown: readonly boolean[]): void {
  let start = 0;
  for (const group of line.querySelectorAll<HTMLTableCellElement>('th.group')) {
    const span = Number(group.dataset.span || group.colSpan);
    group.dataset.span = String(span);
    const count = shown.slice(start, start + span).filter(Boolean).length;
    start += span;
    group.hidden = count === 0;
    if (count > 0) group.colSpan = count;
  }
}
