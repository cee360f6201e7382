/** Markup that is safe to insert without escaping. */
export class Markup {
  constructor(readonly text: string) {}
}

type MarkupPart = string | number | Markup | undefined | false | readonly MarkupPart[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Control characters are errors in HTML, and bidirectional overrides would reverse the text that follows.
const UNSAFE = /(?![\t\n])\p{Cc}|\p{Bidi_Control}/gu;

/** Escapes text for use as HTML text or as a quoted attribute value. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(UNSAFE, '').replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);

function insert(part: MarkupPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(insert).join('');
  return escapeHtml(String(part));
}

/** Template tag for markup: escapes interpolated values unless they are `Markup`. */
export const html = (strings: TemplateStringsArray, ...values: readonly MarkupPart[]): Markup =>
  new Markup(strings.reduce((text, string, i) => text + insert(values[i - 1]) + string));
