import type { Gallery, GalleryExample, GalleryItem, GalleryPart, GalleryRow, RunResults } from '@medbench/core';
import { plural } from '../format.js';
import { splitRuns } from '../model.js';
import { protocolWords } from '../words.js';
import { html, Markup } from './escape.js';
import { scrollable } from './results-table.js';
import { methodTitle } from './training.js';

/** Most rows of a gallery table. */
const MOST_ROWS = 12;
/** Most texts shown of a row's answer. */
const MOST_TEXTS = 2;
/** Most characters of all galleries together, images included: the page stays well below 5 MB. */
const MOST_CHARACTERS = 2_500_000;
/** Numbers of examples per table to try, until the galleries fit. */
const EXAMPLE_COUNTS = [8, 4, 2];

/** Text of a data set, isolated so that its script and writing direction do not affect the text around it. */
const quote = (text: string): Markup => html`<bdi dir="auto">${text}</bdi>`;

const tick = (right: boolean): Markup =>
  html`<span class="tick ${right ? 'good' : 'bad'}" role="img" aria-label="${right ? 'right' : 'wrong'}">${right ? '✓' : '✗'}</span>`;

/** Images of one gallery: each is in the page once, and can be shown several times. */
class Album {
  readonly #used = new Set<number>();
  constructor(
    private readonly prefix: string,
    private readonly images: readonly string[],
  ) {}

  show(image: number, label: string): Markup | undefined {
    if (this.images[image] === undefined) return undefined;
    this.#used.add(image);
    return html`<svg class="image" role="img" aria-label="${label}" fill="currentColor" viewBox="0 0 96 96"><use href="#${this.prefix}-${image}"/></svg>`;
  }

  /** The images that were shown, as invisible symbols. */
  store(): Markup {
    const symbols = [...this.#used].map(
      (i) =>
        html`<symbol id="${this.prefix}-${i}" viewBox="0 0 96 96"><image width="96" height="96" href="data:image/webp;base64,${this.images[i]}"/></symbol>\n`,
    );
    return html`<svg class="album" aria-hidden="true">${symbols}</svg>\n`;
  }
}

const showItem = (item: GalleryItem, album: Album, label: string): Markup | undefined =>
  'image' in item ? album.show(item.image, label) : html`<p>${quote(item.text)}</p>`;

function head({ place, query, right }: GalleryExample, album: Album): Markup {
  const name = `Test example ${place}`;
  return html`<th scope="col">${query.map((item) => showItem(item, album, name))}<p class="muted">right:</p>${right.map(
    (item) =>
      'image' in item
        ? album.show(item.image, `right image for test example ${place}`)
        : html`<p><strong>${quote(item.text)}</strong></p>`,
  )}</th>`;
}

function showAnswer({ answers, rank }: GalleryRow['said'][number], album: Album, protocol: string | undefined): Markup {
  if (rank === undefined) {
    const name = protocol !== undefined && html` <small>${protocol}</small>`;
    return html`<p>${answers.map((one) => html`${tick(one.right)} ${'text' in one && quote(one.text)}`)}${name}</p>`;
  }
  const place = html`<p>${tick(rank === 1)} right one at rank ${rank}</p>`;
  const texts = answers.slice(0, MOST_TEXTS).flatMap((one) => ('text' in one ? [one] : []));
  if (texts.length > 0) return html`${place}${texts.map((one) => html`<p>${tick(one.right)} ${quote(one.text)}</p>`)}`;
  const images = answers.map((one, i) => {
    const label = `number ${i + 1}${one.right ? ', the right one' : ''}`;
    return html`<span${one.right && new Markup(' class="found"')}>${'image' in one && album.show(one.image, label)}${one.right && tick(true)}</span>`;
  });
  return html`${place}<div class="few">${images}</div>`;
}

const QUERY_TEXTS = {
  label: 'the answer of each row',
  'image-to-text': 'from image to text: the two texts that each row ranks first',
  'text-to-image': 'from text to image: the five images that each row ranks first',
} as const;

/**
 * One table for parts with the same kind of query and the same examples, for example both protocols of classification.
 */
function galleryTable(
  results: RunResults,
  title: string,
  galleryParts: readonly GalleryPart[],
  album: Album,
  mostExamples: number,
): Markup {
  const words = protocolWords(results);
  const [first] = galleryParts;
  const { query, examples } = first!;
  const shownExamples = examples.slice(0, mostExamples);
  const severalParts = galleryParts.length > 1;
  const rows = [
    ...new Map(galleryParts.flatMap((part) => part.rows).map(({ id, control }) => [id, { id, control }])).values(),
  ];
  const ordered = [...rows.filter(({ control }) => !control), ...rows.filter(({ control }) => control)];
  const drawn = ordered.slice(0, MOST_ROWS);
  const cutNote = ordered.length > MOST_ROWS ? ` The first ${MOST_ROWS} of ${ordered.length} rows.` : '';
  const caption = `${title}, ${plural(shownExamples.length, 'test example')}: ${QUERY_TEXTS[query]}.${cutNote}`;
  const cell = (id: string, e: number): Markup =>
    html`<td>${galleryParts.map(({ protocol, rows: partRows }) => {
      const rowAnswer = partRows.find((row) => row.id === id)?.said[e];
      return rowAnswer && showAnswer(rowAnswer, album, severalParts ? words(protocol).title : undefined);
    })}</td>`;
  const body = (control: boolean): Markup | false => {
    const lines = drawn
      .filter((row) => row.control === control)
      .map(
        ({ id }) =>
          html`<tr><th scope="row"><bdi>${methodTitle(results, id)}</bdi></th>${shownExamples.map((_, e) => cell(id, e))}</tr>\n`,
      );
    return lines.length > 0 && html`<tbody class="${control ? 'controls' : 'methods'}">\n${lines}</tbody>\n`;
  };
  return scrollable(
    caption,
    html`<table class="gallery">
<caption><span>${caption}</span></caption>
<thead><tr><th scope="col" class="corner">Row</th>${shownExamples.map((example) => head(example, album))}</tr></thead>
${body(false)}${body(true)}</table>`,
  );
}

const sameExamples = ({ query, examples }: GalleryPart): string => query + examples.map(({ place }) => place).join();

function renderGallery(results: RunResults, gallery: Gallery, index: number, mostExamples: number): Markup {
  const info = results.tasks.find(({ id }) => id === gallery.task);
  const title = info?.title ?? gallery.task;
  const synthetic = results.cells.some((cell) => cell.task === gallery.task && cell.synthetic);
  const album = new Album(`g${index}`, gallery.images);
  const tables = splitRuns(gallery.parts, sameExamples).map((group) =>
    galleryTable(results, title, group, album, mostExamples),
  );
  const source = [info?.citation, info?.licence].filter((text) => text !== undefined);
  return html`<details class="task-gallery"${index === 0 && new Markup(' open')}><summary><bdi>${title}</bdi>${synthetic && '\u00a0*'}</summary>
<p class="muted">${source.length > 0 && `Images and texts: ${source.join('. ')}. `}Seed ${gallery.seed}.</p>
${album.store()}${tables}</details>
`;
}

/** Explains why a task has no gallery. */
function explainWithheld({ licence, access, pictures: images }: RunResults['tasks'][number]): string {
  if (images === undefined) return 'the results do not say whether it may be shown';
  if (images === 'shown') return 'the run kept no examples of it';
  if (access === 'agreement') return `the data is under an agreement (${licence})`;
  if (access === 'credentialed') return `the data is for credentialed readers (${licence})`;
  return `its licence is not known to allow it (${licence})`;
}

/**
 * Renders the galleries that fit the page. If they do not fit, all get fewer examples; if that is not enough, the last
 * galleries are omitted.
 */
function fitGalleries(
  results: RunResults,
  galleries: readonly Gallery[],
): { readonly rendered: readonly Markup[]; readonly most: number; readonly omitted: readonly Gallery[] } {
  let rendered: Markup[] = [];
  for (const most of EXAMPLE_COUNTS) {
    rendered = galleries.map((gallery, i) => renderGallery(results, gallery, i, most));
    if (rendered.reduce((sum, { text }) => sum + text.length, 0) <= MOST_CHARACTERS)
      return { rendered, most, omitted: [] };
  }
  let length = 0;
  const fits = rendered.findIndex(({ text }) => {
    length += text.length;
    return length > MOST_CHARACTERS;
  });
  return { rendered: rendered.slice(0, fits), most: EXAMPLE_COUNTS.at(-1)!, omitted: galleries.slice(fits) };
}

/**
 * The section with right and wrong answers on each task that may be shown, and the reasons why other tasks are missing.
 */
export function gallerySection(results: RunResults, galleries: readonly Gallery[]): Markup | undefined {
  // Results of older versions do not record it.
  if (results.tasks.every(({ pictures: images }) => images === undefined)) return undefined;
  const allowed = galleries.filter(({ task }) =>
    results.tasks.some(({ id, pictures: images }) => id === task && images === 'shown'),
  );
  const { rendered, most, omitted } = fitGalleries(results, allowed);
  const missing = results.tasks.filter(({ id }) => !allowed.some(({ task }) => task === id));
  return html`<section><h2>Right and wrong answers</h2>
${
  rendered.length > 0 &&
  html`<p>A few test examples and the answer of each row. They were chosen where the methods disagree, plus some that most methods
get wrong and some that most get right. The share of right answers here therefore says nothing about accuracy.</p>
`
}${
  most < EXAMPLE_COUNTS[0]! &&
  most > 0 &&
  html`<p>There is room for ${plural(most, 'example')} of each kind; <code>gallery/</code> in the run folder has them all.</p>
`
}${rendered}${
  omitted.length > 0 &&
  html`<p>No room here for ${omitted.map(({ task }) => results.tasks.find(({ id }) => id === task)?.title ?? task).join(', ')}: see
<code>gallery/</code> in the run folder.</p>
`
}${
  missing.length > 0 &&
  html`<p>No image and no text is shown for:</p>
<ul>${missing.map((task) => html`<li><bdi>${task.title}</bdi>: ${explainWithheld(task)}</li>`)}</ul>
`
}</section>
`;
}
