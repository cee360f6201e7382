/** A component of a JPEG: its share of an MCU in blocks, and its tables. */
export interface JpegComponent {
  readonly across: number;
  readonly down: number;
  /** Factors of dequantisation in zigzag order. `[64]` */
  readonly factors: Uint16Array;
  readonly dc: HuffmanCodes;
  readonly ac: HuffmanCodes;
}

export interface HuffmanCodes {
  /** Number of codes of each length from 1 to 16. `[16]` */
  readonly lengths: Uint8Array;
  /** In order of their codes. */
  readonly symbols: Uint8Array;
}

/** The headers of a baseline JPEG: a single scan of 8-bit samples, grey or YCbCr. */
export interface BaselineJpeg {
  readonly width: number;
  readonly height: number;
  /** Grey, or Y, Cb and Cr. Y may have twice the columns of chroma, or twice the columns and rows. */
  readonly components: readonly JpegComponent[];
  /** MCUs between restart markers, 0 if there are none. */
  readonly interval: number;
  /** Offset of the entropy-coded bytes. */
  readonly scan: number;
}

const SOF0 = 0xc0;
const SOF1 = 0xc1;
const DHT = 0xc4;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const APP15 = 0xef;
const COM = 0xfe;

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly { id: number; across: number; down: number; factors: number }[];
}

/**
 * Parses a baseline JPEG up to its entropy-coded bytes.
 * @returns undefined for any other JPEG and for damaged ones: progressive, arithmetic, several scans, other colours or
 *   samplings, EXIF (it may ask for a rotation).
 */
export function parseBaselineJpeg(bytes: Uint8Array): BaselineJpeg | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const factors: (Uint16Array | undefined)[] = [];
  const codes = new Map<number, HuffmanCodes>();
  let frame: Frame | undefined;
  let interval = 0;
  let [jfif, adobe] = [false, -1];
  for (let offset = 2; offset + 4 <= bytes.length && bytes[offset] === 0xff; ) {
    const marker = bytes[offset + 1]!;
    const length = bytes[offset + 2]! * 256 + bytes[offset + 3]!;
    const body = bytes.subarray(offset + 4, offset + 2 + length);
    if (length < 2 || body.length < length - 2) return undefined;
    offset += 2 + length;
    if (marker === DQT) {
      if (!readFactors(body, factors)) return undefined;
    } else if (marker === DHT) {
      if (!readCodes(body, codes)) return undefined;
    } else if (marker === SOF0 || marker === SOF1) {
      if (frame) return undefined;
      frame = readFrame(body);
      if (!frame) return undefined;
    } else if (marker === DRI) {
      if (body.length !== 2) return undefined;
      interval = body[0]! * 256 + body[1]!;
    } else if (marker === SOS) {
      if (!frame || (frame.components.length === 3 && !isYcc(frame, jfif, adobe))) return undefined;
      const components = readScan(body, frame, factors, codes);
      return components && { width: frame.width, height: frame.height, components, interval, scan: offset };
    } else if (marker === APP1 || !((marker >= APP0 && marker <= APP15) || marker === COM)) return undefined;
    else if (marker === APP0) jfif ||= startsWith(body, 'JFIF\0');
    else if (marker === APP14 && startsWith(body, 'Adobe')) adobe = body[11] ?? 0;
  }
  return undefined;
}

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, text.length)).equals(Buffer.from(text, 'latin1'));

/** Whether libjpeg takes three components for YCbCr. */
function isYcc({ components }: Frame, jfif: boolean, adobe: number): boolean {
  if (jfif) return true;
  return adobe >= 0 ? adobe === 1 : components.every(({ id }, i) => id === i + 1);
}

function readFactors(body: Uint8Array, tables: (Uint16Array | undefined)[]): boolean {
  for (let at = 0; at < body.length; ) {
    const [wide, place] = [body[at]! >> 4, body[at]! & 15];
    const size = wide ? 128 : 64;
    if (wide > 1 || place > 3 || at + 1 + size > body.length) return false;
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++)
      table[k] = wide ? body[at + 1 + 2 * k]! * 256 + body[at + 2 + 2 * k]! : body[at + 1 + k]!;
    tables[place] = table;
    at += 1 + size;
  }
  return true;
}

function readCodes(body: Uint8Array, tables: Map<number, HuffmanCodes>): boolean {
  for (let at = 0; at < body.length; ) {
    const lengths = body.subarray(at + 1, at + 17);
    const count = lengths.reduce((sum, n) => sum + n, 0);
    const symbols = body.subarray(at + 17, at + 17 + count);
    if (lengths.length < 16 || count > 256 || symbols.length < count) return false;
    tables.set(body[at]!, { lengths, symbols });
    at += 17 + count;
  }
  return true;
}

function readFrame(body: Uint8Array): Frame | undefined {
  const [precision, count] = [body[0]!, body[5]!];
  const height = body[1]! * 256 + body[2]!;
  const width = body[3]! * 256 + body[4]!;
  if (precision !== 8 || (count !== 1 && count !== 3) || body.length !== 6 + 3 * count) return undefined;
  // libjpeg doubles the chroma of tiny images in another way.
  if (width < 8 || height < 8) return undefined;
  const components = Array.from({ length: count }, (_, i) => {
    const [id, sampling, factors] = body.subarray(6 + 3 * i, 9 + 3 * i) as unknown as [number, number, number];
    return { id, across: sampling >> 4, down: sampling & 15, factors };
  });
  // An only component is stored block by block, whatever its sampling.
  if (count === 1) return { width, height, components: [{ ...components[0]!, across: 1, down: 1 }] };
  const [luma, ...chroma] = components as [Frame['components'][number], ...Frame['components']];
  const known = ['1 1', '2 1', '2 2'].includes(`${luma.across} ${luma.down}`);
  return known && chroma.every(({ across, down }) => across === 1 && down === 1)
    ? { width, height, components }
    : undefined;
}

function readScan(
  body: Uint8Array,
  { components }: Frame,
  factors: readonly (Uint16Array | undefined)[],
  codes: ReadonlyMap<number, HuffmanCodes>,
): JpegComponent[] | undefined {
  const count = components.length;
  if (body[0] !== count || body.length !== 4 + 2 * count) return undefined;
  const [first, last, refinement] = body.subarray(1 + 2 * count) as unknown as [number, number, number];
  if (first !== 0 || last !== 63 || refinement !== 0) return undefined;
  const read: JpegComponent[] = [];
  for (const [i, component] of components.entries()) {
    const tables = body[2 + 2 * i]!;
    const dc = codes.get(tables >> 4);
    const ac = codes.get(0x10 | (tables & 15));
    const own = factors[component.factors];
    if (body[1 + 2 * i] !== component.id || !dc || !ac || !own) return undefined;
    read.push({ across: component.across, down: component.down, factors: own, dc, ac });
  }
  return read;
}
