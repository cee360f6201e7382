import type { RasterImage } from '@medbench/core';
import type { CropBox } from '../crop.js';
import { fixedFilter, type ResampleFilter, type ResampleKernel } from '../filter.js';
import { RESAMPLE_KERNEL } from './resample.js';

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** The three passes are described in assembly/resample.ts. */
  readonly rowsOfThree: Pass;
  readonly rowsOfOne: Pass;
  readonly columns: Pass;
}
type Pass = (...values: number[]) => void;

/** The part of WebAssembly that is used here: Node's types name it without describing it. */
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { readonly exports: Kernel };
  };
};

/** Larger images are left to `plainResize`, because a kernel's memory never shrinks. */
const MAX_BYTES = 64 * 2 ** 20;
const PAGE = 2 ** 16;
/** Bytes of a vector. Loads and stores may go this far beyond an area's end. */
const VECTOR = 16;
/** Bits of the lower half of a weight. */
const LOW_BITS = 15;

let kernel: Kernel | null | undefined;

/** The kernel; null where the runtime has no 128-bit vectors. */
function loadKernel(): Kernel | null {
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
 * `resize` on vectors: the same bytes in a tenth of the time.
 * @returns undefined if the runtime has no vectors, or the image is too large.
 */
export function vectorResize(
  image: RasterImage,
  width: number,
  height: number,
  box: CropBox,
  kernel: ResampleKernel = 'bicubic',
): Uint8Array | undefined {
  const { channels } = image;
  const wasm = loadKernel();
  const stride = image.width * channels;
  // One copy takes the rows of the box together with the pixels between them.
  const first = (box.y * image.width + box.x) * channels;
  const bytes = (box.height - 1) * stride + box.width * channels;
  const lanes = width * channels;
  const between = width === box.width ? 0 : (lanes + VECTOR) * box.height;
  if (!wasm || bytes + between + lanes * height > MAX_BYTES) return undefined;
  const across =
    width === box.width ? undefined : splitFilter(fixedFilter(box.width, width, kernel), channels === 1 ? 8 : 2);
  const down = height === box.height ? undefined : splitFilter(fixedFilter(box.height, height, kernel), 2);
  let end = 0;
  const allocate = (size: number): number => {
    const start = end;
    // Every area ends with room for a vector. The sizes of the images include a row that is read with weight 0.
    end = Math.ceil((start + size + VECTOR) / VECTOR) * VECTOR;
    return start;
  };
  const [acrossStart, downStart] = [across && allocate(across.bytes.length), down && allocate(down.bytes.length)];
  const source = allocate(bytes + stride);
  const middle = allocate(between + lanes + VECTOR);
  const target = allocate(lanes * height);
  const missing = end - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE));
  const memory = new Uint8Array(wasm.memory.buffer);
  memory.set(image.data.subarray(first, first + bytes), source);
  let [from, fromStride] = [source, stride];
  if (across && acrossStart !== undefined) {
    memory.set(across.bytes, acrossStart);
    const pass = channels === 1 ? wasm.rowsOfOne : wasm.rowsOfThree;
    const [to, toStride] = [middle, lanes + VECTOR];
    pass(from, fromStride, box.height, to, toStride, width, ...across.addresses(acrossStart));
    [from, fromStride] = [to, toStride];
  }
  if (down && downStart !== undefined) {
    memory.set(down.bytes, downStart);
    wasm.columns(from, fromStride, lanes, target, height, ...down.addresses(downStart));
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
  /**
   * The addresses of firsts, counts and weights for a filter that lies at `start`, and the groups reserved per output.
   */
  addresses(start: number): readonly [number, number, number, number];
}

/**
 * Lays a filter out as the kernel reads it: weights in groups of `lanes`, of each group first the lower halves, then
 * the higher.
 */
function splitFilter({ first, count, weights, size }: ResampleFilter<Int32Array>, lanes: 2 | 8): SplitFilter {
  const outputs = first.length;
  const groups = Math.ceil(size / lanes);
  const head = Math.ceil((outputs * 8) / VECTOR) * VECTOR;
  const bytes = new Uint8Array(head + outputs * groups * lanes * 4);
  const heads = new Int32Array(bytes.buffer, 0, outputs * 2);
  const halves = new Int16Array(bytes.buffer, head);
  heads.set(first);
  for (let out = 0; out < outputs; out++) {
    heads[outputs + out] = Math.ceil(count[out]! / lanes);
    const start = out * groups * lanes * 2;
    for (let k = 0; k < count[out]!; k++) {
      const weight = weights[out * size + k]!;
      const lane = k % lanes;
      const index = start + (k - lane) * 2 + lane;
      halves[index] = weight & ((1 << LOW_BITS) - 1);
      halves[index + lanes] = weight >> LOW_BITS;
    }
  }
  return { bytes, addresses: (start) => [start, start + outputs * 4, start + head, groups] };
}
