import { decodeHTML, decodeHTMLStrict } from 'entities';
import { repairEncoding, windows1252 } from './mojibake.js';

/** The characters that Python's `str.split` and `str.strip` take for white space. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about control characters
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;

/**
 * The clean-up of a caption before it is split into words, as open_clip's tokenizers do it: repaired as by
 * `ftfy.fix_text`, HTML entities decoded twice, white space collapsed (`basic_clean`, `whitespace_clean`). Repairing
 * text that was read in a wrong encoding relies on guesses, and ours differ slightly from ftfy's (see
 * `repairEncoding`).
 */
export function cleanCaption(text: string): string {
  // In printable ASCII without entities, as most captions are, only spaces can change.
  const repaired = /[^\x20-\x7e]|&/.test(text) ? unescapeHtml(unescapeHtml(repairText(text))) : text;
  return repaired.replace(SPACES, ' ').replace(/^ | $/g, '');
}

/** `cleanCaption` in lower case, for CLIP's tokenizer (OpenAI's `simple_tokenizer.py`). */
export const cleanText = (text: string): string => cleanCaption(text).toLowerCase();

/** Repairs text as `ftfy.fix_text` 6 does: line by line, each until nothing changes. */
function repairText(text: string): string {
  let entities = true;
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      if (line.includes('<')) entities = false;
      for (let current = line; ; ) {
        const fixed = repairOnce(current, entities);
        if (fixed === current) return fixed;
        current = fixed;
      }
    })
    .join('');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about control characters
const TERMINAL_ESCAPES = /\x1b\[[\d;]*[a-zA-Z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about control characters
const INVISIBLE_CONTROLS = /[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;
const LIGATURES: Readonly<Record<string, string>> = {
  Ĳ: 'IJ',
  ĳ: 'ij',
  ŉ: 'ʼn',
  Ǳ: 'DZ',
  ǲ: 'Dz',
  ǳ: 'dz',
  Ǆ: 'DŽ',
  ǅ: 'Dž',
  ǆ: 'dž',
  Ǉ: 'LJ',
  ǈ: 'Lj',
  ǉ: 'lj',
  Ǌ: 'NJ',
  ǋ: 'Nj',
  ǌ: 'nj',
  ﬀ: 'ff',
  ﬁ: 'fi',
  ﬂ: 'fl',
  ﬃ: 'ffi',
  ﬄ: 'ffl',
  ﬅ: 'ſt',
  ﬆ: 'st',
};

function repairOnce(line: string, entities: boolean): string {
  const unescaped = entities ? line.replace(/&#?[0-9A-Za-z]{1,24};/g, unambiguousEntity) : line;
  return repairEncoding(unescaped)
    .replace(/[\x80-\x9f]/g, (c) => windows1252(c.charCodeAt(0)))
    .replace(/[ĲĳŉǱǲǳǄǅǆǇǈǉǊǋǌﬀ-ﬆ]/g, (c) => LIGATURES[c] ?? c)
    .replace(/[\u3000\uff01-\uffef]/g, (c) => (c === '\u3000' ? ' ' : c.normalize('NFKC')))
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/\r\n?|[\u2028\u2029\x85]/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(TERMINAL_ESCAPES, '')
    .replace(INVISIBLE_CONTROLS, '')
    .normalize('NFC');
}

/**
 * Decodes an entity as `ftfy.fixes.unescape_html` does: only if it ends in a semicolon; also upper-case names such as
 * `&EACUTE;`.
 */
function unambiguousEntity(entity: string): string {
  if (entity.startsWith('&#')) {
    const decoded = unescapeHtml(entity);
    return decoded.includes(';') ? entity : decoded;
  }
  const decoded = decodeHTMLStrict(entity);
  if (decoded !== entity) return decoded;
  const lower = entity.toLowerCase();
  if (entity !== entity.toUpperCase() || decodeHTML(entity) !== entity) return entity;
  const decodedLower = decodeHTMLStrict(lower);
  return decodedLower === lower ? entity : decodedLower.toUpperCase();
}

/** Python's `html.unescape`: HTML 5's rules, and Python's list of code points that vanish. */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu, (entity, body: string) => {
    if (!body.startsWith('#')) return decodeHTML(entity);
    const hexadecimal = /^#[xX]/.test(body);
    return fromReference(Number.parseInt(body.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10));
  });
}

function fromReference(code: number): string {
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return '\ufffd';
  if (code >= 0x80 && code <= 0x9f) return windows1252(code);
  const vanishes =
    (code >= 0x1 && code <= 0x8) ||
    code === 0xb ||
    (code >= 0xe && code <= 0x1f) ||
    code === 0x7f ||
    (code >= 0xfdd0 && code <= 0xfdef) ||
    (code & 0xfffe) === 0xfffe;
  return vanishes ? '' : String.fromCodePoint(code);
}
