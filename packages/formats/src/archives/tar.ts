import { MedbenchError } from '@medbench/core';

// Our own parser: the libraries (tar, tar-stream, nanotar) read an archive from end to end or hold all of it, and none
// says where a member's bytes lie, which is all that an index of a shard needs.

/** Headers and bodies begin at multiples of this. */
export const BLOCK = 512;
/** Names and attributes that take a member of their own (pax, GNU) end far below this. */
const MAX_EXTENSION = 1 << 20;

export interface TarMember {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Where its first header begins, those of a long name included. */
  readonly start: number;
  /** Where its bytes begin, and how many they are. */
  readonly offset: number;
  readonly size: number;
}

/** Bytes from `position` on; fewer than asked for only where the archive ends. */
export type ReadAt = (position: number, length: number) => Promise<Uint8Array>;

export interface TarOptions {
  /** What messages call the archive. */
  readonly file: string;
  /** Its length in bytes. */
  readonly length: number;
  readonly from?: number;
  /** Default true: an archive that stops without its mark of the end was cut short. */
  readonly endMarked?: boolean;
}

/**
 * Walks over the members of a tar archive (v7, ustar, pax, GNU long names, sizes in base 256) without reading their
 * bodies. Returns where the members end. Nothing is ever written by a member's name; a name that leaves the folder, a
 * link, a device or a sparse file is refused all the same, for no shard of pairs has one.
 * @throws MedbenchError('data') naming the archive and the byte: cut short, a wrong check sum, a size that is negative or
 * beyond the end, a member that is refused.
 */
export async function* tarMembers(readAt: ReadAt, options: TarOptions): AsyncGenerator<TarMember, number> {
  const { file, length, from = 0, endMarked = true } = options;
  let at = from;
  let start = at;
  let longName: string | undefined;
  let attributes: ReadonlyMap<string, string> = new Map();
  for (;;) {
    if (at === length && start === at && !endMarked) return at;
    const block = await readAt(at, BLOCK);
    if (block.length < BLOCK) throw fault(file, at, 'the archive is cut short');
    if (block.every((byte) => byte === 0)) {
      if (start !== at) throw fault(file, at, 'a long name belongs to no member');
      return at;
    }
    const header = parseHeader(block, file, at);
    const size = header.extension ? header.size : sizeOf(attributes.get('size'), header.size, file, at);
    const offset = at + BLOCK;
    // Folders and the like have no body, whatever their size says.
    const body = header.type === '5' ? 0 : size;
    if (offset + body > length) throw fault(file, at, `a member of ${body} bytes goes beyond the archive's end`);
    at = offset + Math.ceil(body / BLOCK) * BLOCK;
    if (header.extension) {
      if (size > MAX_EXTENSION) throw fault(file, offset, `a header of ${size} bytes`);
      const text = await readAt(offset, size);
      if (header.type === 'L') longName = untilNul(text);
      else if (header.type === 'x') attributes = parsePax(text, file, offset);
      continue;
    }
    const name = attributes.get('path') ?? longName ?? header.name;
    checkName(name, file, start);
    if (![...attributes.keys()].every((key) => !key.startsWith('GNU.sparse'))) {
      throw fault(file, start, 'a sparse file, which is not read here');
    }
    const kind = header.type === '5' || name.endsWith('/') ? 'folder' : 'file';
    yield { name, kind, start, offset, size: body };
    start = at;
    longName = undefined;
    attributes = new Map();
  }
}

interface Header {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** It says something about the next member. */
  readonly extension: boolean;
}

/** Kinds of members that are links, devices, parts of other archives: none belongs into a shard. */
const REFUSED: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a pipe',
  S: 'a sparse file',
  M: 'a part of a file in another archive',
};

function parseHeader(block: Uint8Array, file: string, at: number): Header {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 32 : block[i]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const sum = parseNumber(block.subarray(148, 156));
  // Some old writers added signed characters.
  if (sum !== unsigned && sum !== signed) {
    const packed = block[0] === 0x1f && block[1] === 0x8b && at === 0;
    throw fault(file, at, packed ? 'the archive is compressed (gzip): unpack it first' : 'no header, or a damaged one');
  }
  const size = parseNumber(block.subarray(124, 136));
  if (size === undefined || size < 0) throw fault(file, at, 'a size that is none');
  const type = String.fromCharCode(block[156]! || 48);
  const refused = REFUSED[type];
  if (refused) throw fault(file, at, `${refused}, which no shard of pairs needs`);
  if (!'057xgLKV'.includes(type)) throw fault(file, at, `a member of unknown kind ${JSON.stringify(type)}`);
  const ustar = Buffer.compare(block.subarray(257, 263), USTAR) === 0;
  const prefix = ustar ? untilNul(block.subarray(345, 500)) : '';
  const name = untilNul(block.subarray(0, 100));
  return { name: prefix === '' ? name : `${prefix}/${name}`, type, size, extension: 'xgLKV'.includes(type) };
}

const USTAR = Buffer.from('ustar\0');

/** Octal digits, or base 256 where the first bit is set; undefined for anything else. */
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

function sizeOf(attribute: string | undefined, otherwise: number, file: string, at: number): number {
  if (attribute === undefined) return otherwise;
  const size = /^\d{1,16}$/.test(attribute) ? Number(attribute) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw fault(file, at, 'a size that is none');
  return size;
}

/** Records `length key=value\n` of POSIX.1-2001, where `length` counts the whole record in bytes. */
function parsePax(text: Uint8Array, file: string, at: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let from = 0; from < text.length && text[from] !== 0; ) {
    const space = text.indexOf(32, from);
    const digits = space < 0 ? '' : Buffer.from(text.subarray(from, space)).toString('latin1');
    const end = from + (/^\d{1,7}$/.test(digits) ? Number(digits) : 0);
    const equals = text.indexOf(61, space);
    if (end <= space || end > text.length || text[end - 1] !== 10 || equals < 0 || equals >= end) {
      throw fault(file, at, 'damaged pax attributes');
    }
    const part = (a: number, b: number): string => Buffer.from(text.subarray(a, b)).toString('utf8');
    found.set(part(space + 1, equals), part(equals + 1, end - 1));
    from = end;
  }
  return found;
}

function checkName(name: string, file: string, at: number): void {
  if (name === '' || name.includes('\0')) throw fault(file, at, 'a member without a name');
  if (name.startsWith('/') || name.split('/').includes('..')) {
    throw fault(file, at, 'a member whose name leads out of the archive');
  }
}

function untilNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

function fault(file: string, at: number, what: string): MedbenchError {
  return new MedbenchError('data', `${file}: ${what} (byte ${at})`, {
    hint: 'Fetch or make the shard again; with bad data skipped, what lies before this place is used.',
  });
}
