import { MedbenchError } from '@medbench/core';

// Our own parser: the libraries (tar, tar-stream, nanotar) read an archive from end to end or hold it in memory. None
// reports where a member's bytes lie, which is all that the index of a shard needs.

/** Headers and bodies begin at multiples of this many bytes. */
export const BLOCK = 512;
/** Maximum size of a member that only extends the next header (pax, GNU): names and attributes are far shorter. */
const MAX_EXTENSION = 1 << 20;

export interface TarMember {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Offset of its first header; a long name has headers of its own. */
  readonly start: number;
  /** Offset and number of its bytes. */
  readonly offset: number;
  readonly size: number;
}

/** Reads bytes from `position` on; fewer than `length` only where the archive ends. */
export type ReadAt = (position: number, length: number) => Promise<Uint8Array>;

export interface TarOptions {
  /** Name of the archive in messages. */
  readonly file: string;
  /** Length of the archive in bytes. */
  readonly length: number;
  /** Offset of the first header. Default 0. */
  readonly from?: number;
  /** Whether the archive must have an end marker. Default true: an archive without one was cut short. */
  readonly endMarked?: boolean;
}

/**
 * Walks over the members of a tar archive (v7, ustar, pax, GNU long names, sizes in base 256) without reading their
 * bodies. Returns the offset where the members end. If archives were joined to one file, the members of all are found;
 * anything else but zeros after the end marker is refused. Members are never written to disk; even so, a name that leads out
 * of the folder, a link, a device or a sparse file is refused, because no shard of pairs has one.
 * @throws MedbenchError('data') naming the archive and the byte: cut short, a wrong checksum, an invalid size, a size
 * beyond the end, a refused member.
 */
export async function* tarMembers(readAt: ReadAt, options: TarOptions): AsyncGenerator<TarMember, number> {
  const { file, length, from = 0, endMarked = true } = options;
  let position = from;
  let start = position;
  let longName: string | undefined;
  let attributes: ReadonlyMap<string, string> = new Map();
  for (;;) {
    if (position === length && start === position && !endMarked) return position;
    const block = await readAt(position, BLOCK);
    if (block.length < BLOCK) throw fault(file, position, 'the archive is cut short');
    if (block.every((byte) => byte === 0)) {
      if (start !== position) throw fault(file, position, 'a long name belongs to no member');
      const next = await afterZeros(readAt, position, length);
      if (next === undefined) return position;
      // Another archive follows, because two were joined to one file: its members are read too.
      position = next;
      start = next;
      continue;
    }
    const header = parseHeader(block, file, position);
    const size = header.extension ? header.size : resolveSize(attributes.get('size'), header.size, file, position);
    const offset = position + BLOCK;
    // A folder has no body, whatever its size field says.
    const body = header.type === '5' ? 0 : size;
    if (offset + body > length) throw fault(file, position, `a member of ${body} bytes goes beyond the archive's end`);
    position = offset + Math.ceil(body / BLOCK) * BLOCK;
    if (header.extension) {
      if (size > MAX_EXTENSION) throw fault(file, offset, `a header of ${size} bytes is too long`);
      const text = await readAt(offset, size);
      if (header.type === 'L') longName = untilNul(text);
      else if (header.type === 'x') attributes = parsePax(text, file, offset);
      continue;
    }
    const name = attributes.get('path') ?? longName ?? header.name;
    checkName(name, file, start);
    if (![...attributes.keys()].every((key) => !key.startsWith('GNU.sparse'))) {
      throw fault(file, start, 'a sparse file, which is not supported');
    }
    const kind = header.type === '5' || name.endsWith('/') ? 'folder' : 'file';
    yield { name, kind, start, offset, size: body };
    start = position;
    longName = undefined;
    attributes = new Map();
  }
}

/** The first block from `position` on that is not zeros; undefined if the archive ends before. */
async function afterZeros(readAt: ReadAt, position: number, length: number): Promise<number | undefined> {
  for (let next = position + BLOCK; next < length; next += BLOCK) {
    const block = await readAt(next, BLOCK);
    if (block.some((byte) => byte !== 0)) return next;
  }
  return undefined;
}

interface Header {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Whether it describes the next member. */
  readonly extension: boolean;
}

/** Types of members that are refused: links, devices and parts of other archives do not belong in a shard. */
const REFUSED: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
  S: 'a sparse file',
  M: 'a part of a file in another archive',
};

function parseHeader(block: Uint8Array, file: string, position: number): Header {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 32 : block[i]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const sum = parseNumber(block.subarray(148, 156));
  // Some old writers summed the bytes as signed numbers.
  if (sum !== unsigned && sum !== signed) {
    const packed = block[0] === 0x1f && block[1] === 0x8b && position === 0;
    throw fault(
      file,
      position,
      packed ? 'the archive is compressed (gzip): unpack it first' : 'no header, or a damaged one',
    );
  }
  const size = parseNumber(block.subarray(124, 136));
  if (size === undefined || size < 0) throw fault(file, position, 'an invalid size');
  const type = String.fromCharCode(block[156]! || 48);
  const refused = REFUSED[type];
  if (refused) throw fault(file, position, `${refused}, which no shard of pairs needs`);
  if (!'057xgLKV'.includes(type)) throw fault(file, position, `a member of unknown kind ${JSON.stringify(type)}`);
  const ustar = Buffer.compare(block.subarray(257, 263), USTAR) === 0;
  const prefix = ustar ? untilNul(block.subarray(345, 500)) : '';
  const name = untilNul(block.subarray(0, 100));
  return { name: prefix === '' ? name : `${prefix}/${name}`, type, size, extension: 'xgLKV'.includes(type) };
}

const USTAR = Buffer.from('ustar\0');

/** A number in octal digits, or in base 256 if the first bit is set; undefined for anything else. */
function parseNumber(field: Uint8Array): number | undefined {
  const first = field[0]!;
  if (first === 0x80 || first === 0xff) {
    let value = 0n;
    for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
    if (first === 0xff) value -= 1n << BigInt(8 * (field.length - 1));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
  const text = untilNul(field).trim();
  if (!/^[0-7]*$/.test(text)) return undefined;
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function resolveSize(attribute: string | undefined, headerSize: number, file: string, position: number): number {
  if (attribute === undefined) return headerSize;
  const size = /^\d{1,16}$/.test(attribute) ? Number(attribute) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw fault(file, position, 'an invalid size');
  return size;
}

/** Parses records `length key=value\n` of POSIX.1-2001, where `length` counts the bytes of the whole record. */
function parsePax(text: Uint8Array, file: string, position: number): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (let from = 0; from < text.length && text[from] !== 0; ) {
    const space = text.indexOf(32, from);
    const digits = space < 0 ? '' : Buffer.from(text.subarray(from, space)).toString('latin1');
    const end = from + (/^\d{1,7}$/.test(digits) ? Number(digits) : 0);
    const equals = text.indexOf(61, space);
    if (end <= space || end > text.length || text[end - 1] !== 10 || equals < 0 || equals >= end) {
      throw fault(file, position, 'damaged pax attributes');
    }
    const decode = (a: number, b: number): string => Buffer.from(text.subarray(a, b)).toString('utf8');
    attributes.set(decode(space + 1, equals), decode(equals + 1, end - 1));
    from = end;
  }
  return attributes;
}

function checkName(name: string, file: string, position: number): void {
  if (name === '' || name.includes('\0')) throw fault(file, position, 'a member without a name');
  if (name.startsWith('/') || name.split('/').includes('..')) {
    throw fault(file, position, 'a member whose name leads out of the archive');
  }
}

function untilNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

function fault(file: string, position: number, reason: string): MedbenchError {
  return new MedbenchError('data', `${file}: ${reason} (byte ${position})`, {
    hint: 'Fetch or make the shard again; with --skip-bad, the samples before this byte are used.',
  });
}
