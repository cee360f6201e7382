/** Markup that is safe to insert as it is. */
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

// Control characters are errors in HTML, and bidirectional overrides would turn the text that follows around.
const UNSAFE = /(?![\t\n])\p{Cc}|\p{Bidi_Control}/gu;

/** Text as HTML text or attribute value (in quotes). */
export const escapeHtml = (text: string): string =>
  text.replaceAll(UNSAFE, '').replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);

function insert(part: MarkupPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(insert).join('');
  return escapeHtml(String(part));
}

/** Template tag for markup: whatever is interpolated is escaped unless it is `Markup` itself. */
export const html = (strings: TemplateStringsArray, ...values: readonly MarkupPart[]): Markup =>
  new Markup(strings.reduce((text, string, i) => text + insert(values[i - 1]) + string));
