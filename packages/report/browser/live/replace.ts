/** Position of an element below another: the index among the children at each level. */
function pathTo(element: Element, root: Element): number[] {
  const path: number[] = [];
  for (let one = element; one !== root && one.parentElement; one = one.parentElement) {
    path.unshift([...one.parentElement.children].indexOf(one));
  }
  return path;
}

/** Gives the focus to the element at a position, if it is there. */
function focusAt(root: Element, path: readonly number[]): void {
  let element: Element | undefined = root;
  for (const index of path) element = element?.children[index];
  if (!(element instanceof HTMLElement)) return;
  if (element.tagName === 'TD') {
    for (const other of root.querySelectorAll('td[tabindex]')) other.removeAttribute('tabindex');
    element.tabIndex = 0;
  }
  element.focus({ preventScroll: true });
}

/**
 * Replaces the content of a part of the page. The reader's choices, the order of a sorted table, scrolled positions and the
 * focus stay.
 * @param prepare makes the new content usable, for example its tables sortable.
 */
export function replacePart(part: HTMLElement, markup: string, prepare: (part: HTMLElement) => void): void {
  const chosen = part.querySelector<HTMLInputElement>('input:checked')?.value;
  const sorted = part.querySelector<HTMLElement>('th[aria-sort]');
  const column = sorted?.dataset.column;
  const direction = sorted?.getAttribute('aria-sort');
  const scrolled = [...part.querySelectorAll('.scroll')].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  const active = document.activeElement;
  const focus = active && active !== part && part.contains(active) ? pathTo(active, part) : undefined;
  part.innerHTML = markup;
  prepare(part);
  for (const input of part.querySelectorAll<HTMLInputElement>('input[type="radio"]')) {
    if (input.value === chosen) input.checked = true;
  }
  const head = column === undefined ? null : part.querySelector(`th[data-column="${column}"]`);
  const button = head?.querySelector<HTMLElement>('.sort');
  button?.click();
  if (head && head.getAttribute('aria-sort') !== direction) button?.click();
  [...part.querySelectorAll('.scroll')].forEach((element, i) => {
    const [left = 0, top = 0] = scrolled[i] ?? [];
    element.scrollTo(left, top);
  });
  if (focus) focusAt(part, focus);
}
