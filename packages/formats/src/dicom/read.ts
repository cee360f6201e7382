import { inflateRawSync } from 'node:zlib';
import { errorMessage, MedbenchError, type RasterImage } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import type { DataSet } from 'dicom-parser';
import { type Presentation, toLevels, type WindowShape } from './levels.js';
import type { PixelFormat } from './pixel-format.js';
import { PACKED, PLAIN, type StoredSamples } from './syntaxes.js';

/** Images of more pixels are refused before anything is decoded. */
const MAX_PIXELS = 2 ** 28;
/** Maximum size of an inflated data set: many small attributes may compress well, an image's samples hardly. */
const MAX_DEFLATED = 2 ** 30;

/** The stored values of an image, before any window. */
export interface DicomImage {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  /** Values pixel by pixel; three for a colour, RGB unless `photometric` says otherwise. */
  readonly values: Int32Array;
  /** `MONOCHROME1`, `MONOCHROME2`, `RGB` or `YBR_FULL`. */
  readonly photometric: string;
  readonly presentation: Presentation;
}

/**
 * Reads a DICOM file of one frame to 8 bits. Grey values pass through rescale slope and intercept, then through the
 * first window (linear, exact or sigmoid), otherwise the table of values of interest, otherwise the whole range;
 * MONOCHROME1 is inverted. Colours become RGB (PS3.3, C.7.6.3, C.11.1, C.11.2). Transfer syntaxes: little endian,
 * implicit and explicit, deflated, big endian, RLE, JPEG baseline, extended (8 bits) and lossless, JPEG-LS, JPEG 2000. Not
 * read: JPEG extended of 12 bits, JPEG 2000 within a JP2 file.
 * @throws MedbenchError('data') naming the file: missing, damaged, cut short, several frames, an unsupported transfer
 * syntax or colour space, a claimed size that its samples do not have.
 */
export async function decodeDicom(path: string): Promise<RasterImage> {
  const { rows, columns, samples, values, photometric, presentation } = await readDicom(path);
  const size = { width: columns, height: rows };
  if (samples === 1) return { ...size, channels: 1, data: toLevels(values, presentation) };
  return { ...size, channels: 3, data: photometric === 'YBR_FULL' ? ybrToRgb(values) : Uint8Array.from(values) };
}

/** Reads the stored values of a DICOM file of one frame. @throws as `decodeDicom`. */
export async function readDicom(path: string): Promise<DicomImage> {
  const bytes = await readBytes(path);
  try {
    return await parseImage(bytes);
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    // Some codecs throw numbers or bare objects.
    const describable = cause instanceof Error || typeof cause === 'string';
    const reason = describable ? errorMessage(cause).split('\n', 1)[0]! : 'its compressed image is damaged';
    const text = (cause as { exception?: string } | null)?.exception ?? reason;
    throw new MedbenchError('data', `${path} cannot be decoded: ${text}`, {
      cause,
      hint: 'Fetch the file again, or leave bad rows out with --skip-bad.',
    });
  }
}

async function parseImage(bytes: Uint8Array): Promise<DicomImage> {
  const dicom = await import('dicom-parser');
  const { parseDicom, readEncapsulatedPixelDataFromFragments } = dicom.default ?? dicom;
  const data = parseDicom(bytes, { inflater: inflateDataSet });
  const syntax = data.string('x00020010') ?? '1.2.840.10008.1.2';
  const format = readPixelFormat(data);
  const element = data.elements.x7fe00010;
  if (!element) throw new Error('it holds no image');
  const decode = PACKED[syntax];
  let stored: StoredSamples;
  if (decode) {
    const fragments = element.fragments ?? [];
    if (fragments.length === 0) throw new Error('its compressed image is empty');
    const packed = readEncapsulatedPixelDataFromFragments(data, element, 0, fragments.length);
    stored = await decode(Uint8Array.from(packed), format);
  } else if (PLAIN[syntax]) {
    // A deflated data set has its own byte array, which is not the file's.
    const pixelBytes = data.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
    stored = { bytes: PLAIN[syntax].bigEndian ? swapBytes(pixelBytes, format) : pixelBytes, rgb: false };
  } else {
    throw new Error(`its transfer syntax ${syntax.slice(0, 64)} is not supported`);
  }
  const { rows, columns, samples, bitsAllocated } = format;
  const expectedBytes = rows * columns * samples * (bitsAllocated / 8);
  if (stored.bytes.length < expectedBytes)
    throw new Error(`its image ends after ${stored.bytes.length} of ${expectedBytes} bytes`);
  const photometric = samples === 3 && stored.rgb ? 'RGB' : readPhotometric(data, samples);
  // Codecs return colours pixel by pixel, whatever the file says.
  const planar = format.planar && !decode;
  const values = unpackValues(stored.bytes, { ...format, planar }, readBits(data, bitsAllocated));
  return { rows, columns, samples, values, photometric, presentation: readPresentation(data, photometric) };
}

/** Inflates the data set that follows the file's header. */
function inflateDataSet(bytes: Uint8Array, position: number): Uint8Array {
  const body = inflateRawSync(bytes.subarray(position), { maxOutputLength: MAX_DEFLATED });
  const unpacked = new Uint8Array(position + body.length);
  unpacked.set(bytes.subarray(0, position));
  unpacked.set(body, position);
  return unpacked;
}

function readPixelFormat(data: DataSet): PixelFormat {
  const rows = data.uint16('x00280010') ?? 0;
  const columns = data.uint16('x00280011') ?? 0;
  const samples = data.uint16('x00280002') ?? 1;
  const bitsAllocated = data.uint16('x00280100') ?? 0;
  const frames = Number(data.string('x00280008') ?? 1);
  if (rows === 0 || columns === 0) throw new Error('it holds no image');
  if (rows * columns > MAX_PIXELS) throw new Error(`it claims ${columns} x ${rows} pixels`);
  if (samples !== 1 && samples !== 3) throw new Error(`it has ${samples} samples per pixel`);
  if (bitsAllocated !== 8 && bitsAllocated !== 16) throw new Error(`its samples have ${bitsAllocated} bits`);
  if (samples === 3 && bitsAllocated !== 8) throw new Error('its colours have 16 bits');
  if (frames > 1) throw new Error(`it has ${frames} frames, where one image is expected`);
  return { rows, columns, samples, bitsAllocated, planar: data.uint16('x00280006') === 1 };
}

function readPhotometric(data: DataSet, samples: number): string {
  const photometric = data.string('x00280004') ?? (samples === 1 ? 'MONOCHROME2' : 'RGB');
  const supported = samples === 1 ? ['MONOCHROME1', 'MONOCHROME2'] : ['RGB', 'YBR_FULL'];
  if (supported.includes(photometric)) return photometric;
  throw new Error(`its colours are ${photometric.slice(0, 32)}, not ${supported.join(' or ')}`);
}

interface Bits {
  readonly stored: number;
  readonly high: number;
  readonly signed: boolean;
}

function readBits(data: DataSet, allocated: number): Bits {
  const stored = data.uint16('x00280101') ?? allocated;
  const high = data.uint16('x00280102') ?? stored - 1;
  if (stored < 1 || stored > allocated || high < stored - 1 || high >= allocated) {
    throw new Error(`its samples claim ${stored} bits up to bit ${high} of ${allocated}`);
  }
  return { stored, high, signed: data.uint16('x00280103') === 1 };
}

/** Extracts the stored values pixel by pixel; bits outside the stored ones are dropped. */
function unpackValues(
  bytes: Uint8Array,
  { rows, columns, samples, bitsAllocated, planar }: PixelFormat,
  bits: Bits,
): Int32Array {
  const pixels = rows * columns;
  const values = new Int32Array(pixels * samples);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const leftShift = 31 - bits.high;
  const rightShift = 32 - bits.stored;
  for (let i = 0; i < values.length; i++) {
    const from = planar ? (i % samples) * pixels + Math.floor(i / samples) : i;
    const raw = bitsAllocated === 8 ? bytes[from]! : view.getUint16(2 * from, true);
    values[i] = bits.signed ? (raw << leftShift) >> rightShift : (raw << leftShift) >>> rightShift;
  }
  return values;
}

function swapBytes(bytes: Uint8Array, { bitsAllocated }: PixelFormat): Uint8Array {
  if (bitsAllocated === 8) return bytes;
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();
}

function readPresentation(data: DataSet, photometric: string): Presentation {
  const number = (tag: string, fallback: number): number => {
    const value = data.floatString(tag, 0);
    return value !== undefined && Number.isFinite(value) ? value : fallback;
  };
  if (data.elements.x00283000) throw new Error('its values need a modality lookup table, which is not supported');
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
  if (!values || values.length < count * 2 || bits < 8 || bits > 16) throw new Error('its lookup table is damaged');
  // The first value is signed if the samples are; those of mammograms are not.
  const firstValue = data.uint16('x00280103') === 1 ? first : first & 0xffff;
  const read = Uint16Array.from({ length: count }, (_, i) => table.uint16('x00283006', i) ?? 0);
  return { ...base, lookup: { first: firstValue, values: read, bits } };
}

/** Converts YBR_FULL to RGB (PS3.3, C.7.6.3.1.2), rounded and clipped. */
function ybrToRgb(values: Int32Array): Uint8Array {
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
