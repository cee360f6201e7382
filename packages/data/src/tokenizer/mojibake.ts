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
  bytes: new Map(Array.from(characters, (c, i) => [c, 128 + i])),
  pairs,
  single,
});

let pages: readonly Page[] | undefined;
/** In the order in which they are tried; the two of western Europe are by far the most frequent. */
const allPages = (): readonly Page[] => [
  page(latin1, 2, true),
  page(WINDOWS_1252 + latin1.slice(32), 2, true),
  // In Cyrillic and Greek, pairs of letters are words.
  page(charactersOf('windows-1251'), Number.POSITIVE_INFINITY),
  page(charactersOf('windows-1250'), 2),
  page(charactersOf('windows-1253'), Number.POSITIVE_INFINITY),
  page(charactersOf('windows-1254'), 2),
  page(charactersOf('windows-1257'), 2),
  page(charactersOf('iso-8859-2'), 2),
  page(charactersOf('macintosh'), 2),
  page(CODE_PAGE_437, 2),
];

/** "Ã" before what was a no-break space until something made all spaces alike: "voilÃ le" for "voilà le". */
const LOST_SPACE = /(?<=^|[a-z ])([ÂÃ]) /g;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text in UTF-8 that was read as if it were in an encoding of one byte a character, "Âµm" for "µm", "â€™" for "’", as it was
 * before; also if it happened more than once. Which characters came from which bytes is certain, that they did is a guess.
 * ftfy, which CLIP uses, guesses from a table of improbable neighbours. The rules here are our own: characters that happen
 * to be sound UTF-8 in an old encoding are seldom meant. For what occurs in captions, UTF-8 read as Windows-1252 or Latin-1,
 * the two agree; `mojibake.test.ts` and the 10,000 texts of `clip.test.ts` say how far.
 * @param line One line: of two lines each may have come another way.
 */
export function repairEncoding(line: string): string {
  for (let current = line; ; ) {
    const repaired = repairOnce(current);
    if (repaired === current) return repaired;
    current = repaired;
  }
}

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

/** The line if every character of it came through the page, and enough speaks for that. */
function decodeWhole(line: string, { bytes, pairs, single }: Page): string | undefined {
  const encoded: number[] = [];
  for (const character of line) {
    const byte = character < '\x80' ? character.charCodeAt(0) : bytes.get(character);
    if (byte === undefined) return undefined;
    encoded.push(byte);
  }
  let decoded: string;
  try {
    decoded = utf8.decode(Uint8Array.from(encoded));
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
  // Control characters of the upper half are in no sound text.
  return twos >= pairs || /[\x80-\x9f]/.test(line) ? decoded : undefined;
}

/**
 * In Windows-1252 or Latin-1: sequences of two bytes of Latin-1, Greek and Cyrillic, two others side by side, and those of
 * three and four bytes but "â„¢".
 */
const following = `[\\x80-\\xbf${WINDOWS_1252.replace(/[\x80-\x9f]/g, '')}]`;
const PARTS = new RegExp(
  `[ÂÃÎÏÐÑ]${following}|(?:[Â-ß]${following}){2,}|(?!â„¢)[à-ï]${following}{2}|[ð-ô]${following}{3}`,
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
