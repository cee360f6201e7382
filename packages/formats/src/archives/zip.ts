import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { errorMessage, MedbenchError } from '@medbench/core';
import { openFile, unreadable } from '@medbench/data/files';
import { cutShort, damaged } from '../files/damaged.js';
import { readFully } from '../files/open-files.js';

/** One file inside a ZIP archive, as described by the archive's directory. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
  /** Permissions of a file packed on Unix, such as 0o755; 0 if unknown. */
  readonly mode: number;
}

/** An open ZIP archive whose entries are read one by one, without holding the archive in memory. */
export interface ZipFile {
  readonly entries: readonly ZipEntry[];
  /** Reads the entry's content in chunks; its size and CRC-32 are checked at the end. */
  read(entry: ZipEntry): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** Maximum compression ratio of deflate (zlib's technical notes); a larger claim is false. */
const BEST_DEFLATE = 1032;

/**
 * Opens a ZIP archive, ZIP64 included, by its directory (PKWARE APPNOTE 4.3).
 * @throws MedbenchError('data') naming the file: missing, truncated, not a ZIP archive.
 */
export async function openZip(path: string): Promise<ZipFile> {
  const file = await openFile(path);
  try {
    const entries = await readDirectory(file, path);
    return { entries, read: (entry) => readEntry(file, path, entry), close: () => file.close() };
  } catch (cause) {
    await file.close();
    throw cause instanceof MedbenchError ? cause : unreadable(path, cause);
  }
}

async function readDirectory(file: FileHandle, path: string): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tailOffset = Math.max(0, size - 65_557);
  const tail = await readAt(file, tailOffset, size - tailOffset);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== 0x06054b50) end--;
  if (end < 0) {
    throw cutShort(path, 'is not a complete ZIP archive: its directory is missing');
  }
  let directoryBytes = tail.readUInt32LE(end + 12);
  let directoryOffset = tail.readUInt32LE(end + 16);
  if (end >= 20 && tail.readUInt32LE(end - 20) === 0x07064b50) {
    const record = await readAt(file, Number(tail.readBigUInt64LE(end - 12)), 56);
    if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50) throw damaged(path, 'its ZIP64 record is broken');
    directoryBytes = Number(record.readBigUInt64LE(40));
    directoryOffset = Number(record.readBigUInt64LE(48));
  }
  if (directoryOffset + directoryBytes > size) throw damaged(path, 'its directory lies outside the file');
  const directory = await readAt(file, directoryOffset, directoryBytes);
  const entries: ZipEntry[] = [];
  for (let offset = 0; offset + 46 <= directory.length && directory.readUInt32LE(offset) === 0x02014b50; ) {
    const nameBytes = directory.readUInt16LE(offset + 28);
    const extraBytes = directory.readUInt16LE(offset + 30);
    const next = offset + 46 + nameBytes + extraBytes + directory.readUInt16LE(offset + 32);
    if (next > directory.length) throw damaged(path, 'its directory is broken');
    const extra = directory.subarray(offset + 46 + nameBytes, offset + 46 + nameBytes + extraBytes);
    const [bytes, packedBytes, headerOffset] = zip64Fields(extra, [
      directory.readUInt32LE(offset + 24),
      directory.readUInt32LE(offset + 20),
      directory.readUInt32LE(offset + 42),
    ]);
    const name = directory.toString('utf8', offset + 46, offset + 46 + nameBytes);
    const method = directory.readUInt16LE(offset + 10);
    if (headerOffset + packedBytes > size) throw damaged(`${path}: ${name}`, 'it lies outside the file');
    if ((directory.readUInt16LE(offset + 8) & 1) !== 0 || (method !== 0 && method !== 8)) {
      throw new MedbenchError('data', `${path}: ${name} is encrypted or packed by method ${method}`, {
        hint: 'Pack it again with numpy.savez or numpy.savez_compressed.',
      });
    }
    if (bytes > (method === 0 ? packedBytes : packedBytes * BEST_DEFLATE)) {
      throw damaged(`${path}: ${name}`, `${packedBytes} bytes cannot hold the ${bytes} that it claims`);
    }
    const crc = directory.readUInt32LE(offset + 16);
    const mode = (directory.readUInt32LE(offset + 38) >>> 16) & 0o777;
    entries.push({ name, method, crc, packedBytes, bytes, headerOffset, mode });
    offset = next;
  }
  return entries;
}

/**
 * Replaces fields of 0xFFFFFFFF by those of the ZIP64 extra field, which holds only the replaced ones, in this order.
 */
function zip64Fields(extra: Buffer, fields: readonly [number, number, number]): [number, number, number] {
  const values = [...fields] as [number, number, number];
  for (let offset = 0; offset + 4 <= extra.length; offset += 4 + extra.readUInt16LE(offset + 2)) {
    if (extra.readUInt16LE(offset) !== 1) continue;
    let from = offset + 4;
    values.forEach((value, i) => {
      if (value !== 0xffffffff || from + 8 > extra.length) return;
      values[i] = Number(extra.readBigUInt64LE(from));
      from += 8;
    });
  }
  return values;
}

async function* readEntry(file: FileHandle, path: string, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const name = `${path}: ${entry.name}`;
  const local = await readAt(file, entry.headerOffset, 30);
  if (local.length < 30 || local.readUInt32LE(0) !== 0x04034b50) throw damaged(name, 'its local header is broken');
  const start = entry.headerOffset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  let crc = 0xffffffff;
  let bytes = 0;
  try {
    for await (const piece of unpackEntry(file, start, entry)) {
      bytes += piece.length;
      if (bytes > entry.bytes) throw damaged(name, `it unpacks to more than the ${entry.bytes} bytes that it claims`);
      crc = crc32(piece, crc);
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw damaged(name, errorMessage(cause));
  }
  if (bytes !== entry.bytes) throw damaged(name, `it ends after ${bytes} of ${entry.bytes} bytes`);
  if ((crc ^ 0xffffffff) >>> 0 !== entry.crc) throw damaged(name, 'its checksum (CRC-32) does not match');
}

function unpackEntry(file: FileHandle, start: number, entry: ZipEntry): AsyncIterable<Uint8Array> {
  const packed = readPieces(file, start, start + entry.packedBytes);
  if (entry.method === 0) return packed;
  // `pipeline` needs a callback; it does nothing, because an error also reaches the iteration.
  return pipeline(packed, createInflateRaw({ chunkSize: 1 << 18 }), () => undefined);
}

async function* readPieces(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let offset = from; offset < to; ) {
    const piece = await readAt(file, offset, Math.min(1 << 18, to - offset));
    if (piece.length === 0) return;
    offset += piece.length;
    yield piece;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  return buffer.subarray(0, await readFully(file, buffer, position));
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array, running: number): number {
  let crc = running;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return crc;
}
