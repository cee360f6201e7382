/** Number of byte symbols: 256 within a word, 256 at its end. */
export const BYTE_SYMBOLS = 512;
const SUFFIX = '</w>';
const NO_RANK = 0xffffffff;

/** Byte-pair encoding on symbol ids: 256 bytes, 256 bytes that end a word, then one id per merge. */
export interface BytePairs {
  /** Number of merges. */
  readonly merges: number;
  /** Ids of one word. */
  encode(word: string): number[];
  /** UTF-8 bytes of a symbol, and whether it ends a word. */
  symbol(id: number): { readonly bytes: Uint8Array; readonly endsWord: boolean };
}

/** Bytes in the order of their symbols: printable ones first, so that `!` is 0 (`bytes_to_unicode` of GPT-2). */
const PRINTABLE = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174,
);
const ORDER = [...PRINTABLE, ...Array.from({ length: 256 }, (_, byte) => byte).filter((b) => !PRINTABLE.includes(b))];
const BYTE_TO_SYMBOL = new Int32Array(256);
ORDER.forEach((byte, symbol) => {
  BYTE_TO_SYMBOL[byte] = symbol;
});
/** The character that stands for a byte in the merge file. */
const CHARACTERS = ORDER.map((byte, symbol) =>
  String.fromCharCode(symbol < PRINTABLE.length ? byte : 256 + symbol - PRINTABLE.length),
);

/**
 * Builds the encoder from merges in the order of their ranks, each of two symbols separated by a space (Sennrich et al.
 * 2016; byte symbols as in GPT-2; the end of a word is part of its last symbol, as in CLIP).
 */
export function bytePairs(lines: readonly string[]): BytePairs {
  const ids = new Map<string, number>();
  CHARACTERS.forEach((character, symbol) => {
    ids.set(character, symbol);
    ids.set(character + SUFFIX, 256 + symbol);
  });
  const mergedIds = new Int32Array(lines.length * 2);
  const ranks = new Map<number, number>();
  lines.forEach((line, rank) => {
    const space = line.indexOf(' ');
    const left = ids.get(line.slice(0, space));
    const right = ids.get(line.slice(space + 1));
    if (left === undefined || right === undefined)
      throw new Error(`Merge ${rank} joins a symbol that does not exist yet`);
    mergedIds[rank * 2] = left;
    mergedIds[rank * 2 + 1] = right;
    ranks.set(left * 65536 + right, rank);
    ids.set(line.slice(0, space) + line.slice(space + 1), BYTE_SYMBOLS + rank);
  });
  const findRank = (left: number, right: number): number => ranks.get(left * 65536 + right) ?? NO_RANK;
  const encoder = new TextEncoder();

  const symbol = (id: number): { bytes: Uint8Array; endsWord: boolean } => {
    if (id < BYTE_SYMBOLS) return { bytes: Uint8Array.of(ORDER[id % 256]!), endsWord: id >= 256 };
    const left = symbol(mergedIds[(id - BYTE_SYMBOLS) * 2]!);
    const right = symbol(mergedIds[(id - BYTE_SYMBOLS) * 2 + 1]!);
    return { bytes: Uint8Array.of(...left.bytes, ...right.bytes), endsWord: right.endsWord };
  };

  return {
    merges: lines.length,
    symbol,
    encode(word) {
      const symbols = Array.from(encoder.encode(word), (byte) => BYTE_TO_SYMBOL[byte]!);
      symbols[symbols.length - 1]! += 256;
      while (symbols.length > 1) {
        let best = NO_RANK;
        for (let i = 0; i + 1 < symbols.length; i++) best = Math.min(best, findRank(symbols[i]!, symbols[i + 1]!));
        if (best === NO_RANK) break;
        const left = mergedIds[best * 2]!;
        const right = mergedIds[best * 2 + 1]!;
        let length = 0;
        for (let i = 0; i < symbols.length; i++) {
          const joined = symbols[i] === left && symbols[i + 1] === right;
          symbols[length++] = joined ? BYTE_SYMBOLS + best : symbols[i]!;
          if (joined) i++;
        }
        symbols.length = length;
      }
      return symbols;
    },
  };
}
