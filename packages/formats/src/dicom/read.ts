import { inflateRawSync } from 'node:zlib';
import { errorMessage, MedbenchError, type RasterImage } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import type { DataSet } from 'dicom-parser';
import { type Presentation, toLevels, type WindowShape } from './levels.js';
import type { PixelFormat } from './pixel-format.js';
import { PACKED, PLAIN, type Stored } from './syntaxes.js';

/** Refuse images of more pixels, before any is decoded. */
const MAX_PIXELS = 2 ** 28;
/** A data set of many small attributes may be packed well; an image's samples hardly. */
const MAX_DEFLATED = 2 ** 30;

/** An image's stored values, before any window. */
export interface DicomImage {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  /** Pixel by pixel; of colours three values, RGB unless `photometric` says otherwise. */
  readonly values: Int32Array;
  /** `MONOCHROME1`, `MONOCHROME2`, `RGB` or `YBR_FULL`. */
  readonly photometric: string;
  readonly presentation: Presentation;
}

/**
 * Reads a DICOM file of one frame to 8 bits: rescale slope and intercept, the first window (linear, exact or sigmoid) or
 * else the table of values of interest or else the whole range, MONOCHROME1 turned round, colours to RGB
 * (PS3.3, C.7.6.3, C.11.1, C.11.2). Transfer syntaxes: little endian, implicit and explicit, deflated, big endian, RLE,
 * JPEG baseline and lossless, JPEG-LS, JPEG 2000.
 * @throws MedbenchError('data') naming the file: missing, damaged, cut short, several frames, a transfer syntax or colours
 * that are not read here, a claimed size that its samples do not have.
 */
export async function decodeDicom(path: string): Promise<RasterImage> {
  const { rows, columns, samples, values, photometric, presentation } = await readDicom(path);
  const size = { width: columns, height: rows };
  if (samples === 1) return { ...size, channels: 1, data: toLevels(values, presentation) };
  return { ...size, channels: 3, data: photometric === 'YBR_FULL' ? rgbOf(values) : Uint8Array.from(values) };
}

/** The stored values of a DICOM file of one frame. @throws as `decodeDicom`. */
export async function readDicom(path: string): Promise<DicomImage> {
  const bytes = await readBytes(path);
  try {
    return await imageOf(bytes);
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    // Some codecs throw numbers or bare objects.
    const known = cause instanceof Error || typeof cause === 'string';
    const reason = known ? errorMessage(cause).split('\n', 1)[0]! : 'its packed image is damaged';
    const text = (cause as { exception?: string } | null)?.exception ?? reason;
    throw new MedbenchError('data', `${path} cannot be decoded: ${text}`, {
      cause,
      hint: 'Fetch the file again, or leave bad rows out with --skip-bad.',
    });
  }
}

async function imageOf(bytes: Uint8Array): Promise<DicomImage> {
  const dicom = await import('dicom-parser');
  const { parseDicom, readEncapsulatedPixelDataFromFragments } = dicom.default ?? dicom;
  const data = parseDicom(bytes, { inflater: inflated });
  const syntax = data.string('x00020010') ?? '1.2.840.10008.1.2';
  const format = formatOf(data);
  const element = data.elements.x7fe00010;
  if (!element) throw new Error('it holds no image');
  const decode = PACKED[syntax];
  let stored: Stored;
  if (decode) {
    const fragments = element.fragments ?? [];
    if (fragments.length === 0) throw new Error('its packed image is empty');
    const packed = readEncapsulatedPixelDataFromFragments(data, element, 0, fragments.length);
    stored = await decode(Uint8Array.from(packed), format);
  } else if (PLAIN[syntax]) {
    // A deflated data set is another array than the file's.
    const from = data.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
    stored = { bytes: PLAIN[syntax].bigEndian ? swapped(from, format) : from, rgb: false };
  } else {
    throw new Error(`its transfer syntax ${syntax.slice(0, 64)} is not read here`);
  }
  const { rows, columns, samples, bitsAllocated } = format;
  const wanted = rows * columns * samples * (bitsAllocated / 8);
  if (stored.bytes.length < wanted) throw new Error(`its image ends after ${stored.bytes.length} of ${wanted} bytes`);
  const photometric = samples === 3 && stored.rgb ? 'RGB' : photometricOf(data, samples);
  // Codecs give colours pixel by pixel, whatever the file says.
  const planar = format.planar && !decode;
  const values = valuesOf(stored.bytes, { ...format, planar }, bitsOf(data, bitsAllocated));
  return { rows, columns, samples, values, photometric, presentation: presentationOf(data, photometric) };
}

/** Unpacks what follows the file's header. */
function inflated(bytes: Uint8Array, position: number): Uint8Array {
  const body = inflateRawSync(bytes.subarray(position), { maxOutputLength: MAX_DEFLATED });
  const whole = new Uint8Array(position + body.length);
  whole.set(bytes.subarray(0, position));
  whole.set(body, position);
  return whole;
}

function formatOf(data: DataSet): PixelFormat {
  const rows = data.uint16('x00280010') ?? 0;
  const columns = data.uint16('x00280011') ?? 0;
  const samples = data.uint16('x00280002') ?? 1;
  const bitsAllocated = data.uint16('x00280100') ?? 0;
  const frames = Number(data.string('x00280008') ?? 1);
  if (rows === 0 || columns === 0) throw new Error('it holds no image');
  if (rows * columns > MAX_PIXELS) throw new Error(`it claims ${columns} x ${rows} pixels`);
  if (samples !== 1 && samples !== 3) throw new Error(`it has ${samples} samples a pixel`);
  if (bitsAllocated !== 8 && bitsAllocated !== 16) throw new Error(`its samples have ${bitsAllocated} bits`);
  if (samples === 3 && bitsAllocated !== 8) throw new Error('its colours have 16 bits');
  if (frames > 1) throw new Error(`it has ${frames} frames, where one image is expected`);
  return { rows, columns, samples, bitsAllocated, planar: data.uint16('x00280006') === 1 };
}

function photometricOf(data: DataSet, samples: number): string {
  const found = data.string('x00280004') ?? (samples === 1 ? 'MONOCHROME2' : 'RGB');
  const known = samples === 1 ? ['MONOCHROME1', 'MONOCHROME2'] : ['RGB', 'YBR_FULL'];
  if (known.includes(found)) return found;
  throw new Error(`its colours are ${found.slice(0, 32)}, not ${known.join(' or ')}`);
}

interface Bits {
  readonly stored: number;
  readonly high: number;
  readonly signed: boolean;
}

function bitsOf(data: DataSet, allocated: number): Bits {
  const stored = data.uint16('x00280101') ?? allocated;
  const high = data.uint16('x00280102') ?? stored - 1;
  if (stored < 1 || stored > allocated || high < stored - 1 || high >= allocated) {
    throw new Error(`it has ${stored} bits up to bit ${high} of ${allocated}`);
  }
  return { stored, high, signed: data.uint16('x00280103') === 1 };
}

/** Stored values pixel by pixel; bits beside those that are stored are dropped. */
function valuesOf(
  bytes: Uint8Array,
  { rows, columns, samples, bitsAllocated, planar }: PixelFormat,
  bits: Bits,
): Int32Array {
  const pixels = rows * columns;
  const values = new Int32Array(pixels * samples);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = 31 - bits.high;
  const right = 32 - bits.stored;
  for (let i = 0; i < values.length; i++) {
    const from = planar ? (i % samples) * pixels + Math.floor(i / samples) : i;
    const raw = bitsAllocated === 8 ? bytes[from]! : view.getUint16(2 * from, true);
    values[i] = bits.signed ? (raw << left) >> right : (raw << left) >>> right;
  }
  return values;
}

function swapped(bytes: Uint8Array, { bitsAllocated }: PixelFormat): Uint8Array {
  if (bitsAllocated === 8) return bytes;
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();
}

function presentationOf(data: DataSet, photometric: string): Presentation {
  const number = (tag: string, otherwise: number): number => {
    const found = data.floatString(tag, 0);
    return found !== undefined && Number.isFinite(found) ? found : otherwise;
  };
  if (data.elements.x00283000) throw new Error('its values go through a table of modalities, which is not read here');
  const slope = number('x00281053', 1);
  const inverted = photometric === 'MONOCHROME1';
  const base = { slope: slope === 0 ? 1 : slope, intercept: number('x00281052', 0), inverted };
  const center = number('x00281050', Number.NaN);
  const width = number('x00281051', Number.NaN);
  const shape = (data.string('x00281056') ?? 'LINEAR') as WindowShape;
  if (!Number.isNaN(center) && width >= (shape === 'LINEAR' ? 1 : Number.MIN_VALUE)) {
    if (!['LINEAR', 'LINEAR_EXACT', 'SIGMOID'].includes(shape)) throw new Error('its window has an unknown shape');
    return { ...base, window: { center, width, shape } };
  }
  const table = data.elements.x00283010?.items?.[0]?.dataSet;
  if (!table) return base;
  const count = table.uint16('x00283002', 0) || 65_536;
  const first = table.int16('x00283002', 1) ?? 0;
  const bits = table.uint16('x00283002', 2) ?? 16;
  const values = table.elements.x00283006;
  if (!values || values.length < count * 2 || bits < 8 || bits > 16) throw new Error('its table of levels is damaged');
  // Whether the first value is signed depends on the samples; those of mammograms are not.
  const from = data.uint16('x00280103') === 1 ? first : first & 0xffff;
  const read = Uint16Array.from({ length: count }, (_, i) => table.uint16('x00283006', i) ?? 0);
  return { ...base, lookup: { first: from, values: read, bits } };
}

/** YBR_FULL to RGB (PS3.3, C.7.6.3.1.2), rounded and clipped. */
function rgbOf(values: Int32Array): Uint8Array {
  const rgb = new Uint8ClampedArray(values.length);
  for (let i = 0; i < values.length; i += 3) {
    const y = values[i]!;
    const b = values[i + 1]! - 128;
    const r = values[i + 2]! - 128;
    rgb[i] = y + 1.402 * r;
    rgb[i + 1] = y - 0.344136 * b - 0.714136 * r;
    rgb[i + 2] = y + 1.772 * b;
  }
  return new Uint8Array(rgb.buffer);
}
