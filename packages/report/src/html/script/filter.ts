/**
 * Puts three filters above the tables of a section that asks for them (`data-filter`): words of a row's name, modality
 * and protocol of columns. It says what is shown, to screen readers too.
 */
export const FILTER_SCRIPT = `
for (const section of document.querySelectorAll('[data-filter]')) {
  const tables = [...section.querySelectorAll('table.sortable')];
  const bar = document.createElement('div');
  bar.className = 'filter';
  bar.setAttribute('role', 'search');
  bar.setAttribute('aria-label', 'Filter the results');
  const field = (name, element) => {
    const label = document.createElement('label');
    label.append(name + ' ', element);
    bar.append(label);
    element.addEventListener('input', apply);
    return element;
  };
  const choice = (name, key) => {
    const select = document.createElement('select');
    const found = section.querySelectorAll('th[data-' + key + ']');
    const values = [...new Set([...found].map((head) => head.dataset[key]))];
    for (const value of ['', ...values]) {
      const option = document.createElement('option');
      option.value = value;
      option.textContent = value || 'all';
      select.append(option);
    }
    return values.length > 1 ? field(name, select) : select;
  };
  const text = document.createElement('input');
  text.type = 'search';
  field('Rows with', text);
  const modality = choice('Modality', 'modality');
  const protocol = choice('Protocol', 'protocol');
  const status = document.createElement('span');
  status.setAttribute('role', 'status');
  bar.append(status);
  const place = section.querySelector('h2');
  place.after(bar);

  function apply() {
    const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const rows = new Set();
    let columns = 0;
    for (const table of tables) {
      const heads = [...table.querySelectorAll('th[data-column]')];
      const fits = (head) =>
        head.dataset.protocol === undefined ||
        ((!modality.value || head.dataset.modality === modality.value) &&
          (!protocol.value || head.dataset.protocol === protocol.value));
      const shown = heads.map(fits);
      const withData = heads.filter((head, i) => shown[i] && head.dataset.protocol !== undefined).length;
      columns += withData;
      heads.forEach((head, i) => { head.hidden = !shown[i]; });
      // Group headers cover the columns below them, in order.
      for (const line of [...table.tHead.rows].slice(0, -1)) {
        let at = 0;
        for (const group of line.querySelectorAll('th.group')) {
          const all = Number(group.dataset.span || group.colSpan);
          group.dataset.span = all;
          const count = shown.slice(at, at + all).filter(Boolean).length;
          at += all;
          group.hidden = count === 0;
          if (count > 0) group.colSpan = count;
        }
      }
      for (const body of table.tBodies) for (const row of body.rows) {
        const name = row.cells[0].textContent.toLowerCase();
        row.hidden = !words.every((word) => name.includes(word));
        if (!row.hidden) rows.add(name);
        heads.forEach((head, i) => { row.cells[Number(head.dataset.column)].hidden = !shown[i]; });
      }
      const empty = withData === 0 && heads.some((head) => head.dataset.protocol !== undefined);
      const region = table.parentElement;
      region.hidden = empty;
      const title = region.previousElementSibling;
      if (title && title.tagName === 'H3') title.hidden = empty;
    }
    const count = (n, what) => n + ' ' + what + (n === 1 ? '' : 's');
    status.textContent = words.length || modality.value || protocol.value
      ? count(rows.size, 'row') + ', ' + count(columns, 'column') : '';
  }
}
`;
