/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/**
 * Lists faults in the layout of the open page, one line each: elements wider than the window, images too small to see,
 * plots without marks, and texts of a plot that overlap or reach outside of it. Runs in the browser, so it must not
 * refer to anything outside of this function.
 */
export function listFaults(): string[] {
  const faults: string[] = [];
  for (const details of document.querySelectorAll('details')) details.open = true;
  const pageWidth = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > pageWidth)
    faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('.scroll, svg')) continue;
    const { right, left, width } = element.getBoundingClientRect();
    if (width > 0 && (right > pageWidth + 1 || left < -1)) {
      faults.push(
        `${element.tagName} “${element.textContent?.trim().slice(0, 40)}” reaches from ${left} to ${right} px`,
      );
    }
  }
  for (const image of document.querySelectorAll('svg.image')) {
    const { width, height } = image.getBoundingClientRect();
    if (width < 24 || height < 24) faults.push(`${image.getAttribute('aria-label')} is ${width} by ${height} px`);
  }
  for (const svg of document.querySelectorAll('svg:not(.image, .album)')) {
    const name = svg.querySelector('title')?.textContent ?? 'a plot';
    const frame = svg.getBoundingClientRect();
    const drawn = [...svg.querySelectorAll('circle, rect, path, line')].filter((mark) => {
      const box = mark.getBoundingClientRect();
      return box.width > 0 || box.height > 0;
    });
    if (frame.width < 100 || frame.height < 60 || drawn.length < 3) faults.push(`${name} is blank`);
    const texts = [...svg.querySelectorAll('text')].filter((text) => text.textContent?.trim());
    const boxes = texts.map((text) => text.getBoundingClientRect());
    boxes.forEach((box, i) => {
      const text = texts[i]!.textContent;
      if (
        box.left < frame.left - 2 ||
        box.right > frame.right + 2 ||
        box.bottom > frame.bottom + 2 ||
        box.top < frame.top - 2
      ) {
        faults.push(`“${text}” reaches outside of ${name}`);
      }
      boxes.slice(i + 1).forEach((other, j) => {
        const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        // Boxes include space above and below the letters.
        if (across > 1 && down > 4) faults.push(`“${text}” overlaps “${texts[i + 1 + j]!.textContent}” in ${name}`);
      });
    });
  }
  return faults.slice(0, 20);
}
