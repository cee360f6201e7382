import { maskedCrc } from './crc32c.js';

/** Bytes before and after the data of a record: its length (8) with a checksum (4), and the checksum of the data (4). */
const HEAD = 12;
const FOOT = 4;

/** Frames some bytes as a record of TFRecord. */
export function frameRecord(data: Uint8Array): Buffer {
  const record = Buffer.alloc(HEAD + data.length + FOOT);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, HEAD);
  record.writeUInt32LE(maskedCrc(data), HEAD + data.length);
  return record;
}

/** The intact records at the beginning of a file. */
export interface ReadRecords {
  readonly records: readonly Uint8Array[];
  /** Number of bytes that they take. What follows is a record that a killed writer left, or damage. */
  readonly intact: number;
}

/** Reads records up to the end, or to the first that is not whole. */
export function readRecords(bytes: Buffer): ReadRecords {
  const records: Uint8Array[] = [];
  let at = 0;
  while (at + HEAD + FOOT <= bytes.length) {
    const length = Number(bytes.readBigUInt64LE(at));
    const end = at + HEAD + length;
    if (bytes.readUInt32LE(at + 8) !== maskedCrc(bytes.subarray(at, at + 8)) || end + FOOT > bytes.length) break;
    const data = bytes.subarray(at + HEAD, end);
    if (bytes.readUInt32LE(end) !== maskedCrc(data)) break;
    records.push(data);
    at = end + FOOT;
  }
  return { records, intact: at };
}
