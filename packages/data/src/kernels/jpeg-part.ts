import type { RasterImage } from '@medbench/core';
import type { CropBox } from '../crop.js';
import type { BaselineJpeg, HuffmanCodes } from '../jpeg-frame.js';
import { JPEG_KERNEL } from './jpeg.js';
import { Areas, type KernelMemory, lazyKernel } from './wasm.js';

/** The functions are described in assembly/jpeg.ts. */
interface Kernel {
  readonly memory: KernelMemory;
  readonly unstuff: (source: number, length: number, target: number, segments: number, most: number) => number;
  readonly makeTable: (table: number, lengths: number, values: number, count: number) => number;
  readonly decodeScan: (...values: number[]) => number;
  readonly writeColours: (...values: number[]) => void;
}

/** Parts that take more are left to other decoders, because a kernel's memory never shrinks. */
const MAX_BYTES = 64 * 2 ** 20;
const TABLE_BYTES = 12288;
/** Bytes of a block's description. */
const BLOCK_BYTES = 64;

/** Place in a block, row by row, of each coefficient in the order in which they are stored. */
const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21],
  ...[28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61],
  ...[54, 47, 55, 62, 63],
);

const loadKernel = lazyKernel<Kernel>(JPEG_KERNEL);

/** The columns, or the rows, of a component that a part needs. */
interface Span {
  /** First sample. */
  readonly start: number;
  /** Number of samples. */
  readonly length: number;
  /** First block, and the block behind the last. */
  readonly blocks: readonly [number, number];
}

/** @param halved whether the component has half the samples. Doubling them takes a neighbour on each side. */
function span(start: number, length: number, size: number, halved: boolean): Span {
  const from = halved ? Math.max(0, (start >> 1) - 1) : start;
  const to = halved ? Math.min((size + 1) >> 1, ((start + length - 1) >> 1) + 2) : start + length;
  return { start: from, length: to - from, blocks: [from >> 3, (to + 7) >> 3] };
}

/**
 * Decodes the part `box` of a baseline JPEG, to the bytes that libjpeg gives there. Codes are read to the end of the
 * file, so that damage anywhere is noticed; only the part is transformed, which takes most of the time.
 * @returns undefined if the file is damaged, the part takes too much memory, or the runtime has no vectors.
 */
export function decodeJpegPart(bytes: Uint8Array, jpeg: BaselineJpeg, box: CropBox): RasterImage | undefined {
  const kernel = loadKernel();
  if (!kernel) return undefined;
  const { components, interval } = jpeg;
  const [luma] = components;
  const [acrossMost, downMost] = [luma!.across, luma!.down];
  const mcuColumns = Math.ceil(jpeg.width / (8 * acrossMost));
  const mcuRows = Math.ceil(jpeg.height / (8 * downMost));
  const parts = interval > 0 ? Math.ceil((mcuColumns * mcuRows) / interval) : 1;
  const scanBytes = bytes.length - jpeg.scan;
  const areas = new Areas(512);
  const [source, data, segments] = [areas.take(scanBytes), areas.take(scanBytes), areas.take(parts * 8)];
  const [zigzag, scratch, values] = [areas.take(64), areas.take(512), areas.take(256)];
  const tables = components.map(() => [areas.take(TABLE_BYTES), areas.take(TABLE_BYTES)] as const);
  const factors = components.map(() => areas.take(256));
  const lastValues = areas.take(components.length * 4);
  const planes = components.map(({ across, down }) => {
    const columns = span(box.x, box.width, jpeg.width, across < acrossMost);
    const rows = span(box.y, box.height, jpeg.height, down < downMost);
    const stride = (columns.blocks[1] - columns.blocks[0]) * 8;
    const start = areas.take(stride * (rows.blocks[1] - rows.blocks[0]) * 8);
    const first = start + (rows.start - rows.blocks[0] * 8) * stride + columns.start - columns.blocks[0] * 8;
    return { start, stride, columns, rows, first };
  });
  const blocks: number[][] = components.flatMap(({ across, down }, c) =>
    Array.from({ length: across * down }, (_, i) => {
      const { start, stride, columns, rows } = planes[c]!;
      return [
        ...[lastValues + c * 4, ...tables[c]!, factors[c]!, across, down, i % across, Math.floor(i / across)],
        ...[start, stride, ...columns.blocks, ...rows.blocks, 0, 0],
      ];
    }),
  );
  const blocksStart = areas.take(blocks.length * BLOCK_BYTES);
  const channels = components.length === 1 ? 1 : 3;
  const planesStart = areas.take(24);
  const chroma = planes[1] ?? planes[0]!;
  const lineBytes = 2 * chroma.columns.length + 512;
  const lines = areas.take(3 * lineBytes);
  const target = areas.take(channels === 3 ? box.width * box.height * 3 : 0);
  if (areas.end > MAX_BYTES) return undefined;
  const memory = areas.reserve(kernel.memory);
  memory.set(bytes.subarray(jpeg.scan), source);
  if (kernel.unstuff(source, scanBytes, data, segments, parts) !== parts) return undefined;
  const makeTable = (table: number, { lengths, symbols }: HuffmanCodes): boolean => {
    memory.set(lengths, scratch);
    memory.set(symbols, values);
    return kernel.makeTable(table, scratch, values, symbols.length) === 0;
  };
  for (const [c, { dc, ac, factors: own }] of components.entries()) {
    if (!makeTable(tables[c]![0], dc) || !makeTable(tables[c]![1], ac)) return undefined;
    new Int32Array(memory.buffer, factors[c]!, 64).set(own);
  }
  new Int32Array(memory.buffer, lastValues, components.length).fill(0);
  new Int32Array(memory.buffer, blocksStart, blocks.length * 16).set(blocks.flat());
  memory.set(ZIGZAG, zigzag);
  const order = [interval, mcuColumns, mcuRows, blocksStart, blocks.length, zigzag, scratch];
  if (kernel.decodeScan(data, segments, parts, ...order) !== 0) return undefined;
  const { width, height } = box;
  if (channels === 1) {
    const { first, stride } = planes[0]!;
    const grey = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      const from = first + y * stride;
      grey.set(memory.subarray(from, from + width), y * width);
    }
    return { width, height, channels, data: grey };
  }
  new Int32Array(memory.buffer, planesStart, 6).set(planes.flatMap(({ first, stride }) => [first, stride]));
  const half = [acrossMost === 2 ? 1 : 0, downMost === 2 ? 1 : 0];
  const { columns, rows } = chroma;
  const chromaHeight = Math.ceil(jpeg.height / downMost);
  kernel.writeColours(
    ...[planesStart, target, box.x, box.y, width, height, ...half, columns.start, columns.length, rows.start],
    ...[chromaHeight, lines, lineBytes],
  );
  return { width, height, channels, data: memory.slice(target, target + width * height * 3) };
}
