import { decodeBfloat16, decodeFloat16, elementCount, MedbenchError } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import { damaged } from '../files/damaged.js';

/** Element type codes of NumPy's format: kind and number of bytes. */
export type NpyDType = 'b1' | 'u1' | 'i1' | 'u2' | 'i2' | 'u4' | 'i4' | 'u8' | 'i8' | 'f2' | 'f4' | 'f8';

export type NpyData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/**
 * A row-major array: `data.length` is the product of `shape`. Booleans are 0 or 1 in a `Uint8Array`. 16-bit floats are
 * read into 32 bits; to write them, give their bits.
 */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly dtype: NpyDType;
  readonly data: NpyData;
}

const TYPES: Readonly<Record<NpyDType, new (buffer: ArrayBuffer) => NpyData>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
};
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** Maximum length of a header; NumPy's own writers stay far below it. */
const MAX_HEADER = 1 << 20;

/** The header of an NPY file. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly dtype: NpyDType;
  /** Offset of the data in bytes. */
  readonly dataOffset: number;
  /** Bytes of data, from shape and element type. */
  readonly dataBytes: number;
}

/** Name that NumPy gives to elements of two bytes that it does not know, such as those of ml_dtypes' bfloat16. */
const UNNAMED = 'V2';

/**
 * Parses an NPY header, format versions 1 to 3 (numpy.lib.format).
 * @param bytes The first bytes of the file.
 * @param bfloat16 whether unnamed elements of two bytes are known to be bfloat16. Their type is then `u2`: their bits.
 * @returns undefined if more bytes are needed.
 * @throws MedbenchError('data') naming `name`: not an NPY array, big-endian, column-major, text or object arrays.
 */
export function parseNpyHeader(bytes: Uint8Array, name: string, bfloat16 = false): NpyHeader | undefined {
  if (MAGIC.some((byte, i) => i < bytes.length && bytes[i] !== byte)) {
    throw new MedbenchError('data', `${name} is not an NPY array`, {
      hint: 'Write it with numpy.save or numpy.savez.',
    });
  }
  if (bytes.length < 12) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw damaged(name, `NPY format version ${version} is unknown`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) throw damaged(name, `its header claims ${length} bytes`);
  if (bytes.length < start + length) return undefined;
  const text = new TextDecoder('utf-8').decode(bytes.subarray(start, start + length));
  const descriptor = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d\sL,]*)\)/.exec(text)?.[1];
  if (order === undefined || sizes === undefined) throw damaged(name, 'its header cannot be read');
  const given = descriptor ?? 'a record type';
  const dtype = bfloat16 && elementCode(given) === UNNAMED ? 'u2' : parseDType(given, name);
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number.parseInt(size, 10)]));
  if (order === 'True' && shape.length > 1) {
    throw new MedbenchError('data', `${name} is stored column by column (fortran_order)`, {
      hint: 'Save it again with numpy.ascontiguousarray.',
    });
  }
  const count = elementCount(shape);
  const dataBytes = count * itemBytes(dtype);
  if (!Number.isSafeInteger(dataBytes)) throw damaged(name, `its shape [${shape.join(', ')}] is too large`);
  return { shape, dtype, dataOffset: start + length, dataBytes };
}

/** Wraps raw little-endian data; `buffer` must hold exactly `header.dataBytes`. */
export function npyArray({ shape, dtype }: NpyHeader, buffer: ArrayBuffer): NpyArray {
  if (dtype === 'f2') return { shape, dtype, data: decodeFloat16(new Uint16Array(buffer)) };
  return { shape, dtype, data: new TYPES[dtype](buffer) };
}

/**
 * Encodes an array as an NPY file, format version 1.0, with the data aligned to 64 bytes.
 * @throws MedbenchError('data') if the data does not fit the shape or the element type.
 */
export function encodeNpy({ shape, dtype, data }: NpyArray, name = 'array'): Uint8Array {
  const count = elementCount(shape);
  if (!(data instanceof TYPES[dtype]) || data.length !== count) {
    throw new MedbenchError(
      'data',
      `${name}: ${data.length} values of ${data.constructor.name} do not make an array of type ${dtype} and shape [${shape.join(', ')}]`,
    );
  }
  const prefix = dtype === 'b1' || itemBytes(dtype) === 1 ? '|' : '<';
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${prefix}${dtype}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + data.byteLength);
  bytes.set(MAGIC);
  bytes.set([1, 0, length & 255, length >> 8], 6);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return bytes;
}

const itemBytes = (dtype: NpyDType): number => Number(dtype[1]);

/** The element type of a descriptor, without its byte order if that is the machine's. */
const elementCode = (descriptor: string): string => descriptor.replace(/^[<|=]/, '');

function parseDType(descriptor: string, name: string): NpyDType {
  const code = elementCode(descriptor);
  if (Object.hasOwn(TYPES, code)) return code as NpyDType;
  throw new MedbenchError('data', `${name} holds elements of type ${descriptor}, which is not supported`, {
    hint: `Convert it with .astype to a little-endian one of ${Object.keys(TYPES).join(', ')}.`,
  });
}

/** Options of `readNpy`. */
export interface ReadNpyOptions {
  /** Whether elements of two bytes are known to be bfloat16, which NumPy cannot name. Other elements are not affected. */
  readonly bfloat16?: boolean;
}

/**
 * Reads an NPY file.
 * @throws MedbenchError('data') naming the file: missing, damaged, or of an unsupported type.
 */
export async function readNpy(path: string, { bfloat16 = false }: ReadNpyOptions = {}): Promise<NpyArray> {
  const bytes = await readBytes(path);
  const header = parseNpyHeader(bytes, path, bfloat16);
  if (!header || bytes.length !== header.dataOffset + header.dataBytes)
    throw damaged(path, 'its size does not fit its header');
  const { buffer } = new Uint8Array(bytes.subarray(header.dataOffset));
  if (bfloat16 && (header.dtype === 'u2' || header.dtype === 'i2')) {
    return { shape: header.shape, dtype: 'f4', data: decodeBfloat16(new Uint16Array(buffer)) };
  }
  return npyArray(header, buffer);
}
