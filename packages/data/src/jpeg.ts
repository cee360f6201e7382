/**
 * What a JPEG's header says of its samples, for the two kinds that nearly all are: 8 bits of grey, or of three colours.
 * The decoder's own look at the header costs a tenth of decoding.
 * @returns undefined for anything else, damaged headers among it.
 */
export function plainJpeg(bytes: Uint8Array): { readonly space: 'b-w' | 'srgb'; readonly depth: 'uchar' } | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    // Baseline, extended, progressive; the others are rare.
    if (marker >= 0xc0 && marker <= 0xc2) {
      const [precision, components] = [bytes[at + 4], bytes[at + 9]];
      if (precision !== 8 || (components !== 1 && components !== 3)) return undefined;
      return { space: components === 1 ? 'b-w' : 'srgb', depth: 'uchar' };
    }
    // Before the frame come tables, comments and what applications say of the picture.
    const known =
      (marker >= 0xe0 && marker <= 0xef) || marker === 0xdb || marker === 0xc4 || marker === 0xfe || marker === 0xdd;
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (!known || length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}
