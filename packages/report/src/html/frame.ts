import { createHash } from 'node:crypto';
import { TERMS } from './definition.js';
import { html, Markup } from './escape.js';
import { FIGURES_STYLE } from './figures-style.js';
import { PAGE_SCRIPT } from './page-script.js';
import { RESULTS_STYLE } from './results-style.js';
import { STYLE } from './style.js';

/** Parts in which a page differs from the report. */
export interface PageParts {
  /** The only script that the page runs. Default: that of the report. */
  readonly script?: string;
  /** Styles after those of the report. */
  readonly style?: string;
  /** Whether the page may ask the server that it is from. Default: no. */
  readonly connects?: boolean;
}

/** The page runs only its own script, whatever text the results contain, and loads nothing from elsewhere. */
export const contentPolicy = ({ script = PAGE_SCRIPT, connects = false }: PageParts = {}): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    // The images of galleries are embedded in the page.
    'img-src data:',
    ...(connects ? ["connect-src 'self'"] : []),
    `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

// Titles of sections are literals in this package: they never contain text of a run.
const SECTION = /<section([^>]*)><h2>([^<]+)<\/h2>/g;

const slug = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** Gives each section an id of its title, unless it has one. */
export const withIds = ({ text }: Markup): Markup =>
  new Markup(
    text.replaceAll(SECTION, (section, attributes, title) =>
      attributes.includes(' id="') ? section : `<section id="${slug(title)}"${attributes}><h2>${title}</h2>`,
    ),
  );

/** Gives each section an id. With three sections or more, a table of contents stands between `first` and the others. */
function withContents(sections: Markup, first: Markup): Markup {
  const titles = [...`${first.text}${sections.text}`.matchAll(SECTION)].map(([, , title]) => title!);
  const contents =
    titles.length >= 3 &&
    html`<nav aria-label="Contents"><ul>${titles.map(
      (title) => html`<li><a href="#${slug(title)}">${title}</a></li>`,
    )}</ul></nav>\n`;
  return html`${withIds(first)}${contents}${withIds(sections)}`;
}

/**
 * A self-contained page: it loads nothing, follows the light or dark scheme, prints well and works without scripts.
 * Scripts add sorting and filtering of tables, and definitions on a tap.
 *
 * @param first sections that come before the table of contents. Default: none.
 * @param parts what differs from the report.
 */
export function renderPage(
  title: string,
  header: Markup,
  sections: Markup,
  first = new Markup(''),
  parts: PageParts = {},
): string {
  const { script = PAGE_SCRIPT, style = '' } = parts;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(contentPolicy(parts))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE + RESULTS_STYLE + FIGURES_STYLE + style)}</style>
</head>
<body data-deviation="${TERMS.deviation}" data-interval="${TERMS.interval}">
<header>
${header}
</header>
<main>
${withContents(sections, first)}</main>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}
