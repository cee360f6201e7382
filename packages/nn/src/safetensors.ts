import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  decodeBfloat16,
  decodeFloat16,
  elementCount,
  errorMessage,
  type HostTensor,
  type HostTensors,
  hashJson,
  MedbenchError,
  parseJson,
  writeFileAtomic,
} from '@medbench/core';

/** Largest accepted header in bytes. A file that claims a larger one is damaged. */
const MAX_HEADER_BYTES = 100 * 2 ** 20;

const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I32: 4,
  I64: 8,
  U8: 1,
  BOOL: 1,
};

/** Metadata entry with the SHA-256 hash of the rest of the file, in files written with `checksum`. */
const CHECKSUM = 'checksum';

/** The contents of a safetensors file. */
export interface SafetensorsFile {
  readonly tensors: HostTensors;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the file has a checksum, which was then verified. */
  readonly verified: boolean;
}

interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const damagedFile = (file: string, problem: string, cause?: unknown): MedbenchError =>
  new MedbenchError('weights', `${file} is not a valid safetensors file: ${problem}`, {
    hint: 'It is truncated or damaged: write or download it again.',
    ...(cause === undefined ? {} : { cause }),
  });

/**
 * Decodes a tensor from bytes at the start of their buffer, by the element types of safetensors. No byte order is converted: the files and the machines that
 * medbench runs on are little-endian.
 */
export function decodeTensor(
  { buffer }: Uint8Array,
  { dtype, shape }: Pick<TensorEntry, 'dtype' | 'shape'>,
): HostTensor {
  switch (dtype) {
    case 'F32':
      return { shape, dtype: 'float32', data: new Float32Array(buffer) };
    case 'F64':
      return { shape, dtype: 'float32', data: Float32Array.from(new Float64Array(buffer)) };
    case 'F16':
      return { shape, dtype: 'float32', data: decodeFloat16(new Uint16Array(buffer)) };
    case 'BF16':
      return { shape, dtype: 'float32', data: decodeBfloat16(new Uint16Array(buffer)) };
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

function checkEntry(file: string, name: string, entry: TensorEntry, available: number): void {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  const width = BYTES_PER_ELEMENT[dtype];
  if (width === undefined && typeof dtype === 'string') {
    throw new MedbenchError('weights', `${file}: "${name}" has the element type ${dtype}, which is not read`, {
      hint: `Save it as one of ${Object.keys(BYTES_PER_ELEMENT).join(', ')}.`,
    });
  }
  if (width === undefined) throw damagedFile(file, `"${name}" has no element type`);
  const isNaturalNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isNaturalNumber)) throw damagedFile(file, `"${name}" has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isNaturalNumber))
    throw damagedFile(file, `"${name}" has no valid offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * width;
  if (end - begin !== bytes) throw damagedFile(file, `"${name}" claims ${end - begin} bytes, its shape needs ${bytes}`);
  if (end > available) throw damagedFile(file, `"${name}" ends at byte ${end} of ${available}`);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The bytes of a file or an array, readable in pieces. */
interface ByteSource {
  readonly size: number;
  read(begin: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

const readFromMemory = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  // The piece is copied so that it starts at the beginning of its buffer, as views of any element width need.
  read: async (begin, length) => new Uint8Array(bytes.subarray(begin, begin + length)),
  close: async () => {},
});

async function readFromDisk(file: string): Promise<ByteSource> {
  const unreadable = (cause: unknown): MedbenchError =>
    new MedbenchError('weights', `${file} cannot be read: ${errorMessage(cause)}`, { cause });
  // Without O_NONBLOCK, which Windows lacks, opening a pipe would wait for a writer.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  const stats = await handle.stat();
  if (!stats.isFile()) {
    await handle.close();
    throw unreadable('it is not a file');
  }
  const { size } = stats;
  return {
    size,
    async read(begin, length) {
      const piece = new Uint8Array(length);
      let filled = 0;
      try {
        // One read returns at most 2 GiB.
        while (filled < length) {
          const { bytesRead } = await handle.read(piece, filled, Math.min(length - filled, 2 ** 30), begin + filled);
          if (bytesRead === 0) throw new Error('it became shorter while it was read');
          filled += bytesRead;
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
  readonly entries: Readonly<Record<string, TensorEntry>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Byte at which the tensors begin. */
  readonly start: number;
}

async function readHeader(file: string, bytes: ByteSource): Promise<Header> {
  if (bytes.size < 8) throw damagedFile(file, `it has ${bytes.size} bytes`);
  const claimed = new DataView((await bytes.read(0, 8)).buffer).getBigUint64(0, true);
  const length = Number(claimed);
  if (length > MAX_HEADER_BYTES || 8 + length > bytes.size) {
    throw damagedFile(file, `its header claims ${claimed} bytes, the file has ${bytes.size}`);
  }
  let header: Record<string, TensorEntry>;
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(await bytes.read(8, length))) as typeof header;
  } catch (cause) {
    throw damagedFile(file, 'its header is not JSON', cause);
  }
  if (!isObject(header)) throw damagedFile(file, 'its header is not an object');
  const { __metadata__: metadata = {}, ...entries } = header as unknown as Record<string, TensorEntry> & {
    __metadata__?: Record<string, string>;
  };
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw damagedFile(file, 'its metadata is not a map of strings');
  }
  const start = 8 + length;
  const available = bytes.size - start;
  const spans = Object.entries(entries).map(([name, entry]) => {
    checkEntry(file, name, entry, available);
    return { name, begin: entry.data_offsets[0], end: entry.data_offsets[1] };
  });
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let expected = 0;
  for (const { name, begin, end } of spans) {
    if (begin !== expected) throw damagedFile(file, `"${name}" begins at byte ${begin}, expected ${expected}`);
    expected = end;
  }
  if (expected !== available)
    throw damagedFile(file, `its tensors take ${expected} bytes, the file holds ${available}`);
  return { entries, metadata, start };
}

/** Begins the checksum of a file with its header. The bytes of all tensors follow, in the order of the file. */
const startChecksum = (entries: Readonly<Record<string, unknown>>, metadata: Readonly<Record<string, string>>) =>
  createHash('sha256').update(hashJson({ entries, metadata }));

/**
 * Reads a safetensors file (F64 to float32, F32, F16, BF16, I32, I64, U8, BOOL), or its bytes. The header is checked against the size
 * of the file first, and then tensors are read one by one: nothing is allocated that the file does not hold.
 * @throws MedbenchError('weights') naming the file and the tensor, if the file is truncated, the header exceeds the
 *   file, offsets overlap or leave gaps, sizes do not fit, or the content does not match the file's checksum.
 */
export async function readSafetensors(source: string | Uint8Array, label = 'safetensors'): Promise<SafetensorsFile> {
  const file = typeof source === 'string' ? source : label;
  const bytes = typeof source === 'string' ? await readFromDisk(source) : readFromMemory(source);
  try {
    const { entries, metadata: written, start } = await readHeader(file, bytes);
    const { [CHECKSUM]: checksum, ...metadata } = written;
    const hash = checksum === undefined ? undefined : startChecksum(entries, metadata);
    const tensors: HostTensors = {};
    const inOrder = Object.entries(entries).sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
    for (const [name, entry] of inOrder) {
      const [begin, end] = entry.data_offsets;
      const piece = await bytes.read(start + begin, end - begin);
      hash?.update(piece);
      tensors[name] = decodeTensor(piece, entry);
    }
    if (hash && hash.digest('hex') !== checksum) throw damagedFile(file, 'its content does not match its checksum');
    return { tensors, metadata, verified: hash !== undefined };
  } finally {
    await bytes.close();
  }
}

const DTYPE_NAMES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;

/**
 * Writes tensors (F32, I32, BOOL) to a temporary file and renames it, so that a reader never sees a partial file.
 * @param options with `checksum`, the metadata holds a hash of the rest, which `readSafetensors` verifies.
 * @throws MedbenchError('store') if the disk is full or the folder read-only.
 */
export async function writeSafetensors(
  path: string,
  tensors: HostTensors,
  metadata: Readonly<Record<string, string>> = {},
  { checksum = false }: { readonly checksum?: boolean } = {},
): Promise<void> {
  const names = Object.keys(tensors).sort();
  const entries: Record<string, TensorEntry> = {};
  let offset = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors[name]!;
    entries[name] = { dtype: DTYPE_NAMES[dtype], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const bytesOf = (name: string): Uint8Array => {
    const { data } = tensors[name]!;
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  };
  let written = metadata;
  if (checksum) {
    const hash = startChecksum(entries, metadata);
    for (const name of names) hash.update(bytesOf(name));
    written = { ...metadata, [CHECKSUM]: hash.digest('hex') };
  }
  const json = Buffer.from(JSON.stringify({ __metadata__: written, ...entries }));
  // The format asks for data aligned to eight bytes, so the header is padded with spaces.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  await writeFileAtomic(path, async (file) => {
    await file.write(size);
    await file.write(padded);
    for (const name of names) await file.writeFile(bytesOf(name));
  });
}
