/**
 * Simulates the size of ONNX Runtime's arena on the CPU (`core/framework/bfc_arena.cc`, with its defaults). Each region
 * is twice as large as the one before. A chunk is cut from the smallest free chunk that fits, and joined with its free
 * neighbours when it is freed.
 */

/** Sizes are rounded up to a multiple of this number of bytes. */
const ROUNDING = 256;
const FIRST_REGION = 2 ** 20;
/** A chunk is cut if it is at least twice the requested size, or at least this many bytes larger. */
const LARGEST_WASTE = 128 * 2 ** 20;

/** A contiguous piece of a region, free or in use. */
export interface Chunk {
  region: number;
  offset: number;
  size: number;
  free: boolean;
  before: Chunk | undefined;
  after: Chunk | undefined;
}

/** Index of the size class of a chunk. The classes are powers of two from 256 bytes up. */
const sizeClass = (size: number): number => Math.max(0, Math.floor(Math.log2(size / ROUNDING)));

/** A simulated arena: it hands out and takes back chunks, and counts the bytes that were ever in use. */
export class Arena {
  readonly #free: Set<Chunk>[] = Array.from({ length: 40 }, () => new Set());
  /** Used bytes of each region, counted from its start. Memory that is never written to takes no room. */
  readonly #highWaterMarks: number[] = [];
  #regionSize = FIRST_REGION;

  /** Bytes that have been in use at any time. */
  get touched(): number {
    return this.#highWaterMarks.reduce((sum, bytes) => sum + bytes, 0);
  }

  allocate(bytes: number): Chunk {
    const size = Math.max(ROUNDING, Math.ceil(bytes / ROUNDING) * ROUNDING);
    const chunk = this.#find(size) ?? this.#extend(size);
    this.#free[sizeClass(chunk.size)]!.delete(chunk);
    if (chunk.size >= size * 2 || chunk.size - size >= LARGEST_WASTE) this.#cut(chunk, size);
    chunk.free = false;
    this.#highWaterMarks[chunk.region] = Math.max(this.#highWaterMarks[chunk.region]!, chunk.offset + size);
    return chunk;
  }

  release(chunk: Chunk): void {
    chunk.free = true;
    this.#joinNext(chunk);
    const joined = chunk.before?.free ? chunk.before : chunk;
    if (joined !== chunk) {
      this.#free[sizeClass(joined.size)]!.delete(joined);
      this.#swallow(joined, chunk);
    }
    this.#free[sizeClass(joined.size)]!.add(joined);
  }

  /** The smallest free chunk that fits; of several equal ones, the first. */
  #find(size: number): Chunk | undefined {
    for (let index = sizeClass(size); index < this.#free.length; index++) {
      let best: Chunk | undefined;
      for (const chunk of this.#free[index]!) if (chunk.size >= size && (!best || isBefore(chunk, best))) best = chunk;
      if (best) return best;
    }
    return undefined;
  }

  #extend(size: number): Chunk {
    const fits = this.#regionSize >= size;
    while (this.#regionSize < size) this.#regionSize *= 2;
    const chunk = {
      region: this.#highWaterMarks.length,
      offset: 0,
      size: this.#regionSize,
      free: true,
      before: undefined,
      after: undefined,
    };
    if (fits) this.#regionSize *= 2;
    this.#highWaterMarks.push(0);
    return chunk;
  }

  #cut(chunk: Chunk, size: number): void {
    const { region, offset, after } = chunk;
    const remainder: Chunk = {
      region,
      offset: offset + size,
      size: chunk.size - size,
      free: true,
      before: chunk,
      after,
    };
    if (after) after.before = remainder;
    chunk.after = remainder;
    chunk.size = size;
    this.#free[sizeClass(remainder.size)]!.add(remainder);
  }

  #joinNext(chunk: Chunk): void {
    const { after } = chunk;
    if (!after?.free) return;
    this.#free[sizeClass(after.size)]!.delete(after);
    this.#swallow(chunk, after);
  }

  #swallow(chunk: Chunk, after: Chunk): void {
    chunk.size += after.size;
    chunk.after = after.after;
    if (after.after) after.after.before = chunk;
  }
}

const isBefore = (a: Chunk, b: Chunk): boolean =>
  a.size !== b.size ? a.size < b.size : a.region !== b.region ? a.region < b.region : a.offset < b.offset;
