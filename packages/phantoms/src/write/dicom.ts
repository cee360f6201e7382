import { createHash } from 'node:crypto';
import type { RasterImage } from '@medbench/core';

export interface DicomOptions {
  /** Name of the image, from which its unique identifier is derived. */
  readonly name: string;
  /** Bits per sample, 9 to 16. */
  readonly bits: number;
  /** Whether the lowest level is white (MONOCHROME1) rather than black (MONOCHROME2). */
  readonly inverted: boolean;
}

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const MAMMOGRAPHY = '1.2.840.10008.5.1.4.1.1.1.2';
/** Value representations whose length has four bytes (PS3.5, 7.1.2). */
const LONG = new Set(['OB', 'OW']);

/** Encodes a grey image as a mammography DICOM file: explicit VR little endian, 16-bit samples (PS3.5 and PS3.10). */
export function encodeDicom(image: RasterImage, { name, bits, inverted }: DicomOptions): Uint8Array {
  const uid = makeUid(name);
  const top = 2 ** bits - 1;
  const samples = Buffer.alloc(image.width * image.height * 2);
  for (let i = 0; i < image.width * image.height; i++) {
    const level = Math.round((image.data[i * image.channels]! * top) / 255);
    samples.writeUInt16LE(inverted ? top - level : level, 2 * i);
  }
  const short = (value: number): Buffer => Buffer.from(Uint16Array.of(value).buffer);
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Buffer.of(0, 1)),
    element(0x0002, 0x0002, 'UI', MAMMOGRAPHY),
    element(0x0002, 0x0003, 'UI', uid),
    element(0x0002, 0x0010, 'UI', EXPLICIT_LITTLE_ENDIAN),
    element(0x0002, 0x0012, 'UI', makeUid('@medbench/phantoms')),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0000, 'UL', length),
    meta,
    element(0x0008, 0x0016, 'UI', MAMMOGRAPHY),
    element(0x0008, 0x0018, 'UI', uid),
    element(0x0008, 0x0060, 'CS', 'MG'),
    element(0x0028, 0x0002, 'US', short(1)),
    element(0x0028, 0x0004, 'CS', inverted ? 'MONOCHROME1' : 'MONOCHROME2'),
    element(0x0028, 0x0010, 'US', short(image.height)),
    element(0x0028, 0x0011, 'US', short(image.width)),
    element(0x0028, 0x0100, 'US', short(16)),
    element(0x0028, 0x0101, 'US', short(bits)),
    element(0x0028, 0x0102, 'US', short(bits - 1)),
    element(0x0028, 0x0103, 'US', short(0)),
    element(0x0028, 0x1050, 'DS', String(2 ** (bits - 1))),
    element(0x0028, 0x1051, 'DS', String(2 ** bits)),
    element(0x0028, 0x1052, 'DS', '0'),
    element(0x0028, 0x1053, 'DS', '1'),
    element(0x7fe0, 0x0010, 'OW', samples),
  ]);
}

/** Encodes a data element. Values are padded to an even length: texts with a blank, identifiers with a zero byte. */
function element(group: number, number: number, kind: string, value: string | Buffer): Buffer {
  const content = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const odd = content.length % 2 === 1;
  const long = LONG.has(kind);
  const header = Buffer.alloc(long ? 12 : 8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(number, 2);
  header.write(kind, 4, 'latin1');
  if (long) header.writeUInt32LE(content.length + (odd ? 1 : 0), 8);
  else header.writeUInt16LE(content.length + (odd ? 1 : 0), 6);
  const fill = odd ? Buffer.of(kind === 'UI' || kind === 'OB' ? 0 : 0x20) : Buffer.alloc(0);
  return Buffer.concat([header, content, fill]);
}

/** A unique identifier below the root of UUIDs (PS3.5, B.2). */
const makeUid = (name: string): string =>
  `2.25.${BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 32)}`)}`;
