/**
 * Adds filters above the tables of each section with `data-filter`: words of a row's name, modality and protocol of
 * columns. `data-facets` lists further ones, `key:Name` separated by `;`: each row has the values of a key, separated by
 * line breaks, in its attribute `data-facet-KEY`. With facets, rows without a figure in the shown columns are hidden too.
 * A status line says how many rows and columns are shown; screen readers announce it.
 */
export function filterTables(document: Document): void {
  for (const section of document.querySelectorAll<HTMLElement>('[data-filter]')) filterSection(document, section);
}

/** The reader's filter settings: words in lower case; an empty value matches everything. */
interface FilterChoice {
  readonly words: readonly string[];
  readonly modality: string;
  readonly protocol: string;
  /** The chosen value of each facet of the rows. */
  readonly facets: readonly (readonly [key: string, value: string])[];
}

/** The facets that a section declares: key and name. */
const listFacets = (section: HTMLElement): [key: string, name: string][] =>
  (section.dataset.facets ?? '').split(';').flatMap((facet) => {
    const [key, name] = facet.split(':');
    return key && name ? [[key, name]] : [];
  });

/** The values of a facet of a row. */
const facetValues = (row: HTMLElement, key: string): string[] =>
  (row.getAttribute(`data-facet-${key}`) ?? '').split('\n').filter(Boolean);

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
  /** Creates a menu of values, and adds it to the bar only if there are two or more. */
  const addChoice = (name: string, values: readonly string[]): HTMLSelectElement => {
    const select = document.createElement('select');
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
  const ofColumns = (key: 'modality' | 'protocol'): string[] => [
    ...new Set([...section.querySelectorAll<HTMLElement>(`th[data-${key}]`)].map((head) => head.dataset[key]!)),
  ];
  const modality = addChoice('Modality', ofColumns('modality'));
  const protocol = addChoice('Protocol', ofColumns('protocol'));
  const facets = listFacets(section).map(([key, name]) => {
    const rows = [...section.querySelectorAll<HTMLElement>(`tr[data-facet-${key}]`)];
    const values = [...new Set(rows.flatMap((row) => facetValues(row, key)))];
    // Sizes begin with a number, and are in its order; other values are in that of the alphabet.
    return [
      key,
      addChoice(
        name,
        values.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
      ),
    ] as const;
  });
  const status = document.createElement('span');
  status.setAttribute('role', 'status');
  bar.append(status);
  section.querySelector('h2')!.after(bar);

  function apply(): void {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const choice = {
      ...{ words, modality: modality.value, protocol: protocol.value },
      facets: facets.flatMap(([key, { value }]) => (value === '' ? [] : [[key, value] as const])),
    };
    const rows = new Set<string>();
    let columns = 0;
    for (const table of tables) {
      const shown = filterTable(table, choice, facets.length > 0);
      columns += shown.columns;
      for (const row of shown.rows) rows.add(row);
    }
    const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
    const filtered =
      words.length > 0 || [modality, protocol, ...facets.map(([, menu]) => menu)].some(({ value }) => value);
    status.textContent = filtered ? `${count(rows.size, 'row')}, ${count(columns, 'column')}` : '';
  }
}

/**
 * Shows the matching rows and columns and hides the others.
 * @param measured whether to hide rows without a figure in the shown columns.
 * @returns names of the rows, and number of data columns.
 */
function filterTable(
  table: HTMLTableElement,
  choice: FilterChoice,
  measured: boolean,
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
  const data = heads.flatMap((head, i) =>
    holdsData(head) ? [{ index: Number(head.dataset.column), shown: shown[i]! }] : [],
  );
  const groups = data.map((column) => column.shown);
  for (const line of [...table.tHead!.rows].slice(0, -1)) spanShown(line, groups);
  const rows: string[] = [];
  for (const body of table.tBodies) {
    for (const row of body.rows) {
      const name = row.cells[0]!.textContent!.toLowerCase();
      const matches =
        choice.words.every((word) => name.includes(word)) &&
        choice.facets.every(([key, value]) => facetValues(row, key).includes(value));
      const empty =
        measured && !data.some(({ index, shown }) => shown && row.cells[index]!.dataset.value !== undefined);
      row.hidden = !matches || empty;
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
