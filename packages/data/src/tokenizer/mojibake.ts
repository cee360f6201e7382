interface Page {
  /** Byte of each character that a byte from 0x80 on stands for. */
  readonly bytes: ReadonlyMap<string, number>;
  /** How many sequences of two bytes show that a line came through this page; one of three or four always does. */
  readonly pairs: number;
  /** Whether one sequence of two will do if it stands for a letter or sign of Latin-1, Greek or Cyrillic. */
  readonly single: boolean;
}

/** Bytes 0x80 to 0x9f of Windows-1252; Node's own decoder takes them for Latin-1 in some versions. */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';
/** A C1 control character as what Windows-1252 means by its byte. */
export const windows1252 = (code: number): string => WINDOWS_1252[code - 0x80]!;

/** The one page here that the Encoding Standard leaves out. */
const CODE_PAGE_437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0';

const upperHalf = Uint8Array.from({ length: 128 }, (_, i) => 128 + i);
const latin1 = String.fromCharCode(...upperHalf);

/** Characters of the upper half; a byte without one stands for the control character of its number. */
function charactersOf(label: string): string {
  const decoded = new TextDecoder(label).decode(upperHalf);
  return Array.from(decoded, (c, i) => (c === '\ufffd' ? latin1[i]! : c)).join('');
}

const page = (characters: string, pairs: number, single = false): Page => ({
  bytes: new Map([...Array.from(characters, (c, i) => [c, 128 + i] as const), ['\ufffd', 0x1a]]),
  pairs,
  single,
});

let pages: readonly Page[] | undefined;
/** In the order in which they are tried; the two of western Europe are by far the most frequent. */
const allPages = (): readonly Page[] => [
  page(latin1, 2, true),
  page(WINDOWS_1252 + latin1.slice(32), 2, true),
  // Capitals of Cyrillic and Greek lead pairs and stand in words, so that more must come together.
  page(charactersOf('windows-1251'), 6),
  page(charactersOf('windows-1250'), 2),
  page(charactersOf('windows-1253'), 6),
  page(charactersOf('windows-1254'), 2),
  page(charactersOf('windows-1257'), 2),
  page(charactersOf('iso-8859-2'), 2),
  page(charactersOf('macintosh'), 2),
  page(CODE_PAGE_437, 2),
];

/** "Ã" before what was a no-break space until something made all spaces alike: "voilÃ le" for "voilà le". */
const LOST_SPACE = /(?<=^|[a-z ])([ÂÃ]) /g;

/**
 * Sequences of which a byte has no character in the page and became U+FFFD, here byte 0x1a: what they stood for is lost, but
 * that it was one character is known.
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
 * Text in UTF-8 that was read as if it were in an encoding of one byte a character, "Âµm" for "µm", "â€™" for "’", as it was
 * before; also if it happened more than once. Which characters came from which bytes is certain, that they did is a guess.
 * ftfy, which CLIP uses, guesses from a table of improbable neighbours. The rules here are our own: characters that happen
 * to be sound UTF-8 in an old encoding are seldom meant. For what occurs in captions, UTF-8 read as Windows-1252 or Latin-1,
 * the two agree; `mojibake.test.ts` and the 10,700 texts of `clip.test.ts` say how far.
 * @param line One line: of two lines each may have come another way.
 */
export function repairEncoding(line: string): string {
  for (let current = line; ; ) {
    const once = repairOnce(current);
    // What Windows-1252 means by control characters may be the next thing that was misread.
    const repaired = once === current && /^[\0-\xff]*$/.test(current) ? current.replace(/[\x80-\x9f]/g, meant) : once;
    if (repaired === current) return repaired;
    current = repaired;
  }
}

const meant = (control: string): string => windows1252(control.charCodeAt(0));

function repairOnce(line: string): string {
  // Without a character for a leading byte and one for a following byte there is nothing to repair.
  if (!/[^\0-\x7f]{2}|[ÂÃ] /.test(line)) return line;
  pages ??= allPages();
  for (const page of pages) {
    const decoded = decodeWhole(page.single ? line.replace(LOST_SPACE, '$1\xa0 ') : line, page);
    if (decoded !== undefined) return decoded;
  }
  return decodeParts(line);
}

/**
 * What one pair will do with: a control character of the upper half, which sound text does not have; a capital with an accent
 * between a small letter and a sign, or before a number's sign; a closing mark, a currency or a ligature right before an
 * accented letter or a sign.
 */
const IMPROBABLE =
  /[\x80-\x9f]|\p{Ll}(?=\p{Lu})\p{Script=Latin}[^\0-\x7f\p{L}]|(?![A-Z])(?=\p{Lu})\p{Script=Latin}[\xa7\xb1-\xb3\xb5\xb6\xb9\xbc-\xbe\xd7\xf7]|[€ƒŒœ”›][¢£¥§-ª®°±µ¶ºÄ-ÇÉÑØÜß-ïñü]/u;

/** The line if every character of it came through the page, and enough speaks for that. */
function decodeWhole(line: string, { bytes, pairs, single }: Page): string | undefined {
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
  let twos = 0;
  for (const character of decoded) {
    // A trade mark sign, "â„¢", is the one longer sequence that ftfy leaves as it is.
    if (character >= '\u0800' && character !== '\u2122') return decoded;
    if (single && /[\x80-\xff\u0380-\u047f]/.test(character)) return decoded;
    if (character >= '\x80' && character < '\u0800') twos++;
  }
  return twos >= pairs || (twos > 0 && IMPROBABLE.test(line)) ? decoded : undefined;
}

/**
 * In Windows-1252 or Latin-1: sequences of two bytes of Latin-1, Greek and Cyrillic, two others side by side, and those of
 * three and four bytes but "â„¢".
 */
const following = `[\\x80-\\xbf${WINDOWS_1252.replace(/[\x80-\x9f]/g, '')}]`;
const PARTS = new RegExp(
  `[ÂÃÎÏ]${following}|[ÐÑ](?![ŠŒŽšœžŸ])${following}|(?:[Â-ß]${following}){2,}|(?!â„¢)[à-ï]${following}{2}|[ð-ô]${following}{3}`,
  'gu',
);

/** The line with those parts repaired that are nothing else than wrongly read. */
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
