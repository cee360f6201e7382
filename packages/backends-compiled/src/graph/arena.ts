/**
 * ONNX Runtime's arena on the CPU as far as its size goes (`core/framework/bfc_arena.cc`, with its defaults): regions that
 * double, chunks that are cut from the smallest free one that fits and joined again when they are freed.
 */

/** Sizes are rounded up to this. */
const ROUNDING = 256;
const FIRST_REGION = 2 ** 20;
/** A chunk is cut where it is at least twice what is asked for, or this much larger. */
const LARGEST_WASTE = 128 * 2 ** 20;

/** A piece of a region. */
export interface Chunk {
  region: number;
  offset: number;
  size: number;
  free: boolean;
  before: Chunk | undefined;
  after: Chunk | undefined;
}

/** Chunks of one size class: powers of two from 256 bytes up. */
const classOf = (size: number): number => Math.max(0, Math.floor(Math.log2(size / ROUNDING)));

export class Arena {
  readonly #free: Set<Chunk>[] = Array.from({ length: 40 }, () => new Set());
  /** How far each region has been used: memory that is never written to takes no room. */
  readonly #reached: number[] = [];
  #regionSize = FIRST_REGION;

  /** Bytes that have been in use at some time. */
  get touched(): number {
    return this.#reached.reduce((sum, bytes) => sum + bytes, 0);
  }

  allocate(bytes: number): Chunk {
    const size = Math.max(ROUNDING, Math.ceil(bytes / ROUNDING) * ROUNDING);
    const chunk = this.#find(size) ?? this.#extend(size);
    this.#free[classOf(chunk.size)]!.delete(chunk);
    if (chunk.size >= size * 2 || chunk.size - size >= LARGEST_WASTE) this.#cut(chunk, size);
    chunk.free = false;
    this.#reached[chunk.region] = Math.max(this.#reached[chunk.region]!, chunk.offset + size);
    return chunk;
  }

  release(chunk: Chunk): void {
    chunk.free = true;
    this.#joinNext(chunk);
    const whole = chunk.before?.free ? chunk.before : chunk;
    if (whole !== chunk) {
      this.#free[classOf(whole.size)]!.delete(whole);
      this.#swallow(whole, chunk);
    }
    this.#free[classOf(whole.size)]!.add(whole);
  }

  /** The smallest free chunk that fits, the first of those. */
  #find(size: number): Chunk | undefined {
    for (let at = classOf(size); at < this.#free.length; at++) {
      let best: Chunk | undefined;
      for (const chunk of this.#free[at]!) if (chunk.size >= size && (!best || isBefore(chunk, best))) best = chunk;
      if (best) return best;
    }
    return undefined;
  }

  #extend(size: number): Chunk {
    const enough = this.#regionSize >= size;
    while (this.#regionSize < size) this.#regionSize *= 2;
    const chunk = {
      region: this.#reached.length,
      offset: 0,
      size: this.#regionSize,
      free: true,
      before: undefined,
      after: undefined,
    };
    if (enough) this.#regionSize *= 2;
    this.#reached.push(0);
    return chunk;
  }

  #cut(chunk: Chunk, size: number): void {
    const { region, offset, after } = chunk;
    const rest: Chunk = { region, offset: offset + size, size: chunk.size - size, free: true, before: chunk, after };
    if (after) after.before = rest;
    chunk.after = rest;
    chunk.size = size;
    this.#free[classOf(rest.size)]!.add(rest);
  }

  #joinNext(chunk: Chunk): void {
    const { after } = chunk;
    if (!after?.free) return;
    this.#free[classOf(after.size)]!.delete(after);
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
