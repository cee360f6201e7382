import type { RasterImage } from '@medbench/core';
import type { Box } from '../crop.js';
import { fixedFilter, type ResampleFilter } from '../filter.js';
import { RESAMPLE_KERNEL } from './resample.js';

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** See assembly/resample.ts. */
  readonly rowsOfThree: Pass;
  readonly rowsOfOne: Pass;
  readonly columns: Pass;
}
type Pass = (...values: number[]) => void;

/** What is used of WebAssembly, which Node's types name but do not describe. */
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: Kernel };
  };
};

/** Larger images are left to the plain way, since the memory of a kernel never shrinks. */
const MAX_BYTES = 64 * 2 ** 20;
const PAGE = 2 ** 16;
/** A vector, by which loads and stores may go beyond an area's end. */
const VECTOR = 16;
/** Bits of the lower part of a weight. */
const LOW_BITS = 15;

let kernel: Kernel | null | undefined;

/** Null where the backend has no vectors of 128 bits. */
function loaded(): Kernel | null {
  if (kernel !== undefined) return kernel;
  try {
    const { Module, Instance } = wasm;
    kernel = new Instance(new Module(Buffer.from(RESAMPLE_KERNEL, 'base64'))).exports;
  } catch {
    kernel = null;
  }
  return kernel;
}

/**
 * `resize` on vectors, a tenth of the time; the bytes are the same.
 * @returns undefined where it cannot be done: no vectors, or an image that is too large.
 */
export function vectorResize(image: RasterImage, width: number, height: number, box: Box): Uint8Array | undefined {
  const { channels } = image;
  const wasm = loaded();
  const stride = image.width * channels;
  // The rows of the box with what lies between them: one copy.
  const first = (box.y * image.width + box.x) * channels;
  const bytes = (box.height - 1) * stride + box.width * channels;
  const lanes = width * channels;
  const between = width === box.width ? 0 : (lanes + VECTOR) * box.height;
  if (!wasm || bytes + between + lanes * height > MAX_BYTES) return undefined;
  const across = width === box.width ? undefined : split(fixedFilter(box.width, width), channels === 1 ? 8 : 2);
  const down = height === box.height ? undefined : split(fixedFilter(box.height, height), 2);
  let end = 0;
  const area = (size: number): number => {
    const start = end;
    // Behind an area there is room for a row that has the weight 0, and for a vector.
    end = Math.ceil((start + size + VECTOR) / VECTOR) * VECTOR;
    return start;
  };
  const [acrossAt, downAt] = [across && area(across.bytes.length), down && area(down.bytes.length)];
  const source = area(bytes + stride);
  const middle = area(between + lanes + VECTOR);
  const target = area(lanes * height);
  const missing = end - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE));
  const memory = new Uint8Array(wasm.memory.buffer);
  memory.set(image.data.subarray(first, first + bytes), source);
  let [from, fromStride] = [source, stride];
  if (across && acrossAt !== undefined) {
    memory.set(across.bytes, acrossAt);
    const pass = channels === 1 ? wasm.rowsOfOne : wasm.rowsOfThree;
    const [to, toStride] = [middle, lanes + VECTOR];
    pass(from, fromStride, box.height, to, toStride, width, ...across.at(acrossAt));
    [from, fromStride] = [to, toStride];
  }
  if (down && downAt !== undefined) {
    memory.set(down.bytes, downAt);
    wasm.columns(from, fromStride, lanes, target, height, ...down.at(downAt));
    return memory.slice(target, target + lanes * height);
  }
  const result = new Uint8Array(lanes * height);
  for (let y = 0; y < height; y++) {
    result.set(memory.subarray(from + y * fromStride, from + y * fromStride + lanes), y * lanes);
  }
  return result;
}

interface SplitFilter {
  readonly bytes: Uint8Array;
  /** Where firsts, counts and weights lie, and how many groups an output has room for. */
  at(start: number): readonly [number, number, number, number];
}

/** A filter as the kernel reads it: weights in groups of `lanes`, of each group first the lower parts, then the higher. */
function split({ first, count, weights, size }: ResampleFilter<Int32Array>, lanes: 2 | 8): SplitFilter {
  const outputs = first.length;
  const groups = Math.ceil(size / lanes);
  const head = Math.ceil((outputs * 8) / VECTOR) * VECTOR;
  const bytes = new Uint8Array(head + outputs * groups * lanes * 4);
  const heads = new Int32Array(bytes.buffer, 0, outputs * 2);
  const parts = new Int16Array(bytes.buffer, head);
  heads.set(first);
  for (let out = 0; out < outputs; out++) {
    heads[outputs + out] = Math.ceil(count[out]! / lanes);
    const start = out * groups * lanes * 2;
    for (let k = 0; k < count[out]!; k++) {
      const weight = weights[out * size + k]!;
      const lane = k % lanes;
      const at = start + (k - lane) * 2 + lane;
      parts[at] = weight & ((1 << LOW_BITS) - 1);
      parts[at + lanes] = weight >> LOW_BITS;
    }
  }
  return { bytes, at: (start) => [start, start + outputs * 4, start + head, groups] };
}
