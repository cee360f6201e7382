/** An encoding of one byte per character. */
interface CodePage {
  /** Byte of each character that stands for a byte from 0x80 on. */
  readonly bytes: ReadonlyMap<string, number>;
  /**
   * Number of two-byte sequences that show that a line was read in this encoding; one of three or four bytes always
   * does.
   */
  readonly pairs: number;
  /** Whether one two-byte sequence is enough if it stands for a letter or sign of Latin-1, Greek or Cyrillic. */
  readonly single: boolean;
}

/** Characters of bytes 0x80 to 0x9f in Windows-1252, which some versions of Node decode as Latin-1. */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';
/** The character that Windows-1252 has for the code of a C1 control character. */
export const windows1252 = (code: number): string => WINDOWS_1252[code - 0x80]!;

/** Code page 437, the only encoding here that the Encoding Standard leaves out. */
const CODE_PAGE_437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0';

const upperHalf = Uint8Array.from({ length: 128 }, (_, i) => 128 + i);
const latin1 = String.fromCharCode(...upperHalf);

/** Characters of bytes 0x80 to 0xff in an encoding; a byte without one gives the control character of its number. */
function decodeUpperHalf(label: string): string {
  const decoded = new TextDecoder(label).decode(upperHalf);
  return Array.from(decoded, (c, i) => (c === '\ufffd' ? latin1[i]! : c)).join('');
}

const page = (characters: string, pairs: number, single = false): CodePage => ({
  bytes: new Map([...Array.from(characters, (c, i) => [c, 128 + i] as const), ['\ufffd', 0x1a]]),
  pairs,
  single,
});

let pages: readonly CodePage[] | undefined;
/** The encodings in the order in which they are tried; the two of western Europe are by far the most frequent. */
const allPages = (): readonly CodePage[] => [
  page(latin1, 2, true),
  page(WINDOWS_1252 + latin1.slice(32), 2, true),
  // Here the lead bytes of pairs are Cyrillic and Greek capitals, which also stand in ordinary words: ask for more
  // pairs.
  page(decodeUpperHalf('windows-1251'), 6),
  page(decodeUpperHalf('windows-1250'), 2),
  page(decodeUpperHalf('windows-1253'), 6),
  page(decodeUpperHalf('windows-1254'), 2),
  page(decodeUpperHalf('windows-1257'), 2),
  page(decodeUpperHalf('iso-8859-2'), 2),
  page(decodeUpperHalf('macintosh'), 2),
  page(CODE_PAGE_437, 2),
];

/** "Ã" before a no-break space that was turned into an ordinary space: "voilÃ le" for "voilà le". */
const LOST_SPACE = /(?<=^|[a-z ])([ÂÃ]) /g;

/**
 * Sequences in which a byte without a character in the encoding became U+FFFD, here byte 0x1a. The character is lost,
 * but it is known that it was one character.
 */
const LOST_BYTE = new RegExp(
  [
    '[\\xc2-\\xdf]\\x1a',
    '[\\xe0-\\xef](?:\\x1a[\\x1a\\x80-\\xbf]|[\\x80-\\xbf]\\x1a)',
    '[\\xf0-\\xf4](?=[\\x80-\\xbf]{0,2}\\x1a)[\\x1a\\x80-\\xbf]{3}',
    '\\x1a',
  ].join('|'),
  'g',
);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Restores UTF-8 text that was read in an encoding of one byte per character ("Âµm" for "µm", "â€™" for "’"), even if
 * that happened more than once. Which bytes the characters came from is certain; that the text was misread is a guess.
 * ftfy, which CLIP uses, guesses by a table of improbable neighbours. The rules here are our own: characters that
 * happen to form valid UTF-8 in an old encoding are seldom intended. For what occurs in captions, UTF-8 read as
 * Windows-1252 or Latin-1, the two agree; `mojibake.test.ts` and the 10,700 texts of `clip.test.ts` show how far.
 * @param line One line: each line of a text may have been misread in its own way.
 */
export function repairEncoding(line: string): string {
  for (let current = line; ; ) {
    const once = repairOnce(current);
    // Control characters taken as Windows-1252 may reveal a further misreading.
    const repaired =
      once === current && /^[\0-\xff]*$/.test(current) ? current.replace(/[\x80-\x9f]/g, toWindows1252) : once;
    if (repaired === current) return repaired;
    current = repaired;
  }
}

const toWindows1252 = (control: string): string => windows1252(control.charCodeAt(0));

function repairOnce(line: string): string {
  // A repair needs a character for a lead byte followed by one for a continuation byte.
  if (!/[^\0-\x7f]{2}|[ÂÃ] /.test(line)) return line;
  pages ??= allPages();
  for (const page of pages) {
    const decoded = decodeWhole(page.single ? line.replace(LOST_SPACE, '$1\xa0 ') : line, page);
    if (decoded !== undefined) return decoded;
  }
  return decodeParts(line);
}

/**
 * Text in which a single pair is enough evidence: a control character of the upper half, which sound text does not
 * have; an accented capital between a small letter and a sign, or before a sign that goes with numbers; a closing mark,
 * a currency or a ligature right before an accented letter or a sign.
 */
const IMPROBABLE =
  /[\x80-\x9f]|\p{Ll}(?=\p{Lu})\p{Script=Latin}[^\0-\x7f\p{L}]|(?![A-Z])(?=\p{Lu})\p{Script=Latin}[\xa7\xb1-\xb3\xb5\xb6\xb9\xbc-\xbe\xd7\xf7]|[€ƒŒœ”›][¢£¥§-ª®°±µ¶ºÄ-ÇÉÑØÜß-ïñü]/u;

/**
 * The decoded line, if every character has a byte in the encoding and the evidence is sufficient; otherwise undefined.
 */
function decodeWhole(line: string, { bytes, pairs, single }: CodePage): string | undefined {
  let encoded = '';
  for (const character of line) {
    const byte = character < '\x80' ? character.charCodeAt(0) : bytes.get(character);
    if (byte === undefined) return undefined;
    encoded += String.fromCharCode(byte);
  }
  let decoded: string;
  try {
    decoded = utf8.decode(Buffer.from(encoded.replace(LOST_BYTE, '\xef\xbf\xbd'), 'latin1'));
  } catch {
    return undefined;
  }
  let twoByteCount = 0;
  for (const character of decoded) {
    // A trade mark sign, "â„¢", is the only longer sequence that ftfy leaves unchanged.
    if (character >= '\u0800' && character !== '\u2122') return decoded;
    if (single && /[\x80-\xff\u0380-\u047f]/.test(character)) return decoded;
    if (character >= '\x80' && character < '\u0800') twoByteCount++;
  }
  return twoByteCount >= pairs || (twoByteCount > 0 && IMPROBABLE.test(line)) ? decoded : undefined;
}

/** The characters for a continuation byte in Windows-1252 and Latin-1. */
const following = `[\\x80-\\xbf${WINDOWS_1252.replace(/[\x80-\x9f]/g, '')}]`;
/**
 * Sequences that were read as Windows-1252 or Latin-1: two bytes for Latin-1, Greek or Cyrillic, other pairs side by
 * side, and three or four bytes except "â„¢".
 */
const PARTS = new RegExp(
  `[ÂÃÎÏ]${following}|[ÐÑ](?![ŠŒŽšœžŸ])${following}|(?:[Â-ß]${following}){2,}|(?!â„¢)[à-ï]${following}{2}|[ð-ô]${following}{3}`,
  'gu',
);

/** Repairs the parts of a line that can only be misread text. */
function decodeParts(line: string): string {
  return line.replace(PARTS, (part) => {
    const encoded = Array.from(part, (c) => (c <= '\xff' ? c.charCodeAt(0) : 128 + WINDOWS_1252.indexOf(c)));
    try {
      return utf8.decode(Uint8Array.from(encoded));
    } catch {
      return part;
    }
  });
}
