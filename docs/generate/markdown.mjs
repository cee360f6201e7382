/** Escapes a text of the code for Markdown that Vue compiles: no tag, no table cell, no interpolation. */
export const prose = (text) =>
  String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '&#123;&#123;')
    .replaceAll('|', '\\|')
    .replaceAll('*', '\\*')
    .replaceAll('_', '\\_')
    .replace(/\s*\n\s*/g, ' ');

/** Code within a line, also in a cell of a table. */
export const code = (text) => (String(text) === '' ? '' : `\`${String(text).replaceAll('|', '\\|')}\``);

/** Prose in which web addresses are links. */
export const linked = (text) =>
  prose(text).replace(/https?:\/\/[^\s,;)]+/g, (address) => {
    const target = address.replaceAll('\\', '');
    return `[${address}](${target})`;
  });

/** A table; its cells are Markdown. Columns without any content are left out. */
export function table(columns, rows) {
  const used = columns.map((_, i) => rows.some((row) => row[i] !== undefined && row[i] !== ''));
  const line = (cells) => `| ${cells.filter((_, i) => used[i]).join(' | ')} |`;
  const body = rows.map((row) => line(columns.map((_, i) => row[i] ?? '')));
  return [line(columns), line(columns.map(() => '---')), ...body].join('\n');
}

/** The definition of a plugin's settings as a table; empty if there are none. */
export function settingsTable(settings, prefix) {
  const rows = Object.entries(settings ?? {}).map(([name, spec]) => [
    code(name),
    code(JSON.stringify(spec.default)),
    prose(describeValues(spec)),
    prose(spec.description),
  ]);
  if (rows.length === 0) return '';
  return `Settings, below ${code(prefix)}:\n\n${table(['setting', 'default', 'values', 'meaning'], rows)}`;
}

/** The values that a setting takes, in words. */
function describeValues({ choices, min, max, auto, type, default: initial }) {
  const kind = type === 'integer' ? 'whole number' : typeof initial === 'boolean' ? 'true or false' : '';
  const numeric = min !== undefined || max !== undefined;
  const bounds = numeric ? `${min ?? 'any'} to ${max ?? 'any'}` : '';
  const values = choices ? choices.join(', ') : [kind, bounds].filter((part) => part !== '').join(', ');
  return auto ? `${values} or auto` : values;
}
