import { open } from 'node:fs/promises';
import {
  elementCount,
  errorMessage,
  type HostTensor,
  type HostTensors,
  MedbenchError,
  writeFileAtomic,
} from '@medbench/core';

/** A header larger than this is no header. */
const MAX_HEADER = 100 * 2 ** 20;

const WIDTH: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8, U8: 1, BOOL: 1 };

export interface SafetensorsFile {
  readonly tensors: HostTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const broken = (file: string, what: string, cause?: unknown): MedbenchError =>
  new MedbenchError('weights', `${file} is no sound safetensors file: ${what}`, {
    hint: 'It was cut off or damaged: write or download it again.',
    ...(cause === undefined ? {} : { cause }),
  });

/** Half precision to single. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A tensor from its bytes, which begin their buffer. Files and the machines that medbench runs on are little-endian. */
function decode({ buffer }: Uint8Array, { dtype, shape }: Entry): HostTensor {
  switch (dtype) {
    case 'F32':
      return { shape, dtype: 'float32', data: new Float32Array(buffer) };
    case 'F16':
      return { shape, dtype: 'float32', data: Float32Array.from(new Uint16Array(buffer), fromHalf) };
    case 'BF16': {
      // bfloat16 is the upper half of a float32.
      const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return { shape, dtype: 'float32', data: new Float32Array(bits.buffer) };
    }
    case 'I32':
      return { shape, dtype: 'int32', data: new Int32Array(buffer) };
    case 'I64':
      return { shape, dtype: 'int32', data: Int32Array.from(new BigInt64Array(buffer), Number) };
    case 'BOOL':
      return { shape, dtype: 'bool', data: new Uint8Array(buffer) };
    default:
      return { shape, dtype: 'int32', data: Int32Array.from(new Uint8Array(buffer)) };
  }
}

function checkEntry(file: string, name: string, entry: Entry, available: number): void {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  const width = WIDTH[dtype];
  if (width === undefined) throw broken(file, `"${name}" has the element type ${dtype}`);
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(whole)) throw broken(file, `"${name}" has no sound shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole))
    throw broken(file, `"${name}" has no sound offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * width;
  if (end - begin !== bytes) throw broken(file, `"${name}" claims ${end - begin} bytes, its shape needs ${bytes}`);
  if (end > available) throw broken(file, `"${name}" ends at byte ${end} of ${available}`);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bytes that can be read in pieces, a file's or an array's. */
interface Bytes {
  readonly size: number;
  read(begin: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

const inMemory = (bytes: Uint8Array): Bytes => ({
  size: bytes.length,
  // A copy: its buffer begins where the piece does, so that it can be looked at as numbers of any width.
  read: async (begin, length) => new Uint8Array(bytes.subarray(begin, begin + length)),
  close: async () => {},
});

async function onDisk(file: string): Promise<Bytes> {
  const unreadable = (cause: unknown): MedbenchError =>
    new MedbenchError('weights', `${file} cannot be read: ${errorMessage(cause)}`, { cause });
  const handle = await open(file).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  const { size } = await handle.stat();
  return {
    size,
    async read(begin, length) {
      const piece = new Uint8Array(length);
      let at = 0;
      try {
        // One read gives 2 GiB at the most.
        while (at < length) {
          const { bytesRead } = await handle.read(piece, at, Math.min(length - at, 2 ** 30), begin + at);
          if (bytesRead === 0) throw new Error('it became shorter while it was read');
          at += bytesRead;
        }
      } catch (cause) {
        throw unreadable(cause);
      }
      return piece;
    },
    close: () => handle.close(),
  };
}

interface Header {
  readonly entries: Readonly<Record<string, Entry>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Byte at which the tensors begin. */
  readonly start: number;
}

async function readHeader(file: string, bytes: Bytes): Promise<Header> {
  if (bytes.size < 8) throw broken(file, `it has ${bytes.size} bytes`);
  const claimed = new DataView((await bytes.read(0, 8)).buffer).getBigUint64(0, true);
  const length = Number(claimed);
  if (length > MAX_HEADER || 8 + length > bytes.size) {
    throw broken(file, `its header claims ${claimed} bytes, the file has ${bytes.size}`);
  }
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await bytes.read(8, length)));
  } catch (cause) {
    throw broken(file, 'its header is not JSON', cause);
  }
  if (!isObject(header)) throw broken(file, 'its header is no object');
  const { __metadata__: metadata = {}, ...entries } = header as unknown as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw broken(file, 'its metadata are no texts by name');
  }
  const start = 8 + length;
  const available = bytes.size - start;
  const spans = Object.entries(entries).map(([name, entry]) => {
    checkEntry(file, name, entry, available);
    return { name, begin: entry.data_offsets[0], end: entry.data_offsets[1] };
  });
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of spans) {
    if (begin !== at) throw broken(file, `"${name}" begins at byte ${begin}, expected ${at}`);
    at = end;
  }
  if (at !== available) throw broken(file, `its tensors take ${at} bytes, the file holds ${available}`);
  return { entries, metadata, start };
}

/**
 * Reads a safetensors file (F32, F16, BF16, I32, I64, U8, BOOL), or its bytes. A file is read tensor by tensor, after its
 * header has been checked against its size: nothing is allocated that the file does not hold.
 * @throws MedbenchError('weights') naming the file and the tensor: truncated, header beyond the file, offsets that
 *   overlap or leave gaps, sizes that do not fit.
 */
export async function readSafetensors(source: string | Uint8Array, label = 'safetensors'): Promise<SafetensorsFile> {
  const file = typeof source === 'string' ? source : label;
  const bytes = typeof source === 'string' ? await onDisk(source) : inMemory(source);
  try {
    const { entries, metadata, start } = await readHeader(file, bytes);
    const tensors: HostTensors = {};
    for (const [name, entry] of Object.entries(entries)) {
      const [begin, end] = entry.data_offsets;
      tensors[name] = decode(await bytes.read(start + begin, end - begin), entry);
    }
    return { tensors, metadata };
  } finally {
    await bytes.close();
  }
}

const DTYPE = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;

/**
 * Writes tensors (F32, I32, BOOL), beside the file's place and renamed, so that a reader never sees half of it.
 * @throws MedbenchError('store') if the disk is full or the folder read-only.
 */
export async function writeSafetensors(
  path: string,
  tensors: HostTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const names = Object.keys(tensors).sort();
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors[name]!;
    header[name] = { dtype: DTYPE[dtype], shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Blanks align the data to eight bytes, as the format asks.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  await writeFileAtomic(path, async (file) => {
    await file.write(size);
    await file.write(padded);
    for (const name of names) {
      const { data } = tensors[name]!;
      await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}
