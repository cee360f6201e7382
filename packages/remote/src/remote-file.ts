import { createHash } from 'node:crypto';
import { MedbenchError } from '@medbench/core';
import { BLOCK_BYTES, type BlockCache } from './cache/blocks.js';
import { Fault, fetchError } from './http/faults.js';
import { Patience, type PatienceOptions } from './http/patience.js';
import { type Piece, type RequestOptions, requestRange, type Target } from './http/request.js';
import { consecutive, RUN_BLOCKS, splitBlocks } from './runs.js';
import type { Slots } from './slots.js';

/** The cache and the connections that files of one source share. */
export interface Transfer extends RequestOptions, PatienceOptions {
  readonly cache: BlockCache;
  /** Requests under way at the same time. */
  readonly slots: Slots;
}

/** The length and version of a remote file. */
export interface RemoteState {
  readonly size: number;
  /** Changes with the content; the SHA-256 of the content where the source gives it. */
  readonly content: string;
  /** The SHA-256 of the content, where the source gives it. */
  readonly sha256?: string;
  /** The name of the version that each answer must have. Absent: not compared. */
  readonly tag?: string;
}

/** A part of a block. */
interface Span {
  readonly block: number;
  readonly from: number;
  readonly length: number;
}

/** Blocks of one remote file: from the cache, else by ranges. */
export class RemoteFile {
  readonly #key: string;
  readonly #pending = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  /** Blocks whose checksum on disk is known to be right. */
  readonly #intact = new Set<number>();
  #location: string | undefined;

  constructor(
    /** Name in messages. */
    readonly name: string,
    private readonly target: Target,
    readonly state: RemoteState,
    /** The way out where the server refuses access. */
    private readonly access: string,
    private readonly transfer: Transfer,
  ) {
    const { sha256, size, content } = state;
    // Equal contents share their blocks, whatever their address.
    const identity = sha256 === undefined ? [name, size, content] : [size, sha256];
    this.#key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 40);
  }

  get blocks(): number {
    return Math.ceil(this.state.size / BLOCK_BYTES);
  }

  /** Reads bytes, all of which lie within the file. @throws MedbenchError('network' or 'store') */
  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const first = Math.floor(position / BLOCK_BYTES);
    const last = Math.floor((position + length - 1) / BLOCK_BYTES);
    const spans = Array.from({ length: last - first + 1 }, (_, i): Span => {
      const start = (first + i) * BLOCK_BYTES;
      const from = Math.max(0, position - start);
      return { block: first + i, from, length: Math.min(BLOCK_BYTES, position + length - start) - from };
    });
    const kept = await Promise.all(spans.map((span) => this.#readKept(span)));
    if (kept.every((part) => part !== undefined)) return kept.length === 1 ? kept[0]! : join(kept, length);
    const blocks = await this.readBlocks(first, last);
    // A copy: other readers may have the same blocks, and the caller may pass its bytes on.
    return join(
      blocks.map((block, i) => block.subarray(spans[i]!.from, spans[i]!.from + spans[i]!.length)),
      length,
    );
  }

  /** Reads a part of a block from the cache, if it was found intact there before. */
  async #readKept({ block, from, length }: Span): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#intact.has(block) ? this.transfer.cache.readPart(this.#key, block, from, length) : undefined;
  }

  /** Reads blocks from `first` to `last` (included). @throws as `read`. */
  async readBlocks(first: number, last: number): Promise<Uint8Array<ArrayBuffer>[]> {
    const indices = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const known = await Promise.all(
      indices.map((block) => this.#pending.get(block) ?? this.transfer.cache.read(this.#key, block)),
    );
    for (const [i, block] of indices.entries()) if (known[i] && !this.#pending.has(block)) this.#intact.add(block);
    const missing = indices.filter((block, i) => known[i] === undefined && !this.#pending.has(block));
    for (const run of consecutive(missing)) this.#startRun(run);
    return Promise.all(indices.map((block, i) => known[i] ?? this.#pending.get(block)!));
  }

  /** Fetches a block and what follows into the cache, unless it is there. @returns the block that is looked at next. */
  async fill(block: number): Promise<number> {
    const { cache } = this.transfer;
    let last = block;
    while (last < this.blocks && last < block + RUN_BLOCKS && !(await cache.has(this.#key, last))) last++;
    if (last === block) return block + 1;
    await this.readBlocks(block, last - 1);
    return last;
  }

  /** Notes blocks as pending, and fetches them. */
  #startRun(run: readonly number[]): void {
    const waiting = new Map<number, PromiseWithResolvers>();
    for (const block of run) {
      const promise = withResolvers();
      waiting.set(block, promise);
      this.#pending.set(block, promise.promise);
      // Whoever reads the block gets the failure; a block that was fetched ahead has no reader.
      promise.promise.catch(() => undefined);
    }
    const settle = (block: number): void => {
      waiting.delete(block);
      this.#pending.delete(block);
    };
    const arrived = (block: number, bytes: Uint8Array<ArrayBuffer>): void => {
      waiting.get(block)?.resolve(bytes);
      settle(block);
    };
    this.#fetchRun(waiting, arrived).catch((error: unknown) => {
      for (const [block, { reject }] of [...waiting]) {
        reject(error);
        settle(block);
      }
    });
  }

  /** Requests what is waited for until all of it has arrived. */
  async #fetchRun(
    waiting: ReadonlyMap<number, unknown>,
    arrived: (block: number, bytes: Uint8Array<ArrayBuffer>) => void,
  ): Promise<void> {
    const patience = new Patience(this.transfer, (fault, tries) => fetchError(this.name, fault, tries, this.access));
    while (waiting.size > 0) {
      try {
        await this.transfer.slots.use(() => this.#fetchOnce([...waiting.keys()], patience, arrived));
      } catch (error) {
        if (this.#location !== undefined && error instanceof Fault && !error.passes) {
          // Addresses that a server sends us to expire.
          this.#location = undefined;
          continue;
        }
        await patience.after(error);
      }
    }
  }

  async #fetchOnce(
    blocks: readonly number[],
    patience: Patience,
    arrived: (block: number, bytes: Uint8Array<ArrayBuffer>) => void,
  ): Promise<void> {
    const { cache } = this.transfer;
    const { size } = this.state;
    const range = [blocks[0]! * BLOCK_BYTES, Math.min(size, (blocks.at(-1)! + 1) * BLOCK_BYTES)] as const;
    const direct = this.#location === undefined ? this.target : { url: this.#location };
    const piece = await requestRange(direct, range, (total) => total <= cache.limit / 2, this.transfer);
    this.#check(piece);
    this.#location ??= piece.location;
    const whole = piece.whole && this.state.sha256 !== undefined ? createHash('sha256') : undefined;
    for await (const { block, bytes } of splitBlocks(piece, size)) {
      whole?.update(bytes);
      if (!piece.whole || !(await cache.has(this.#key, block))) {
        await cache.write(this.#key, block, bytes);
        this.#intact.add(block);
        patience.progress();
      }
      arrived(block, bytes);
    }
    if (whole && whole.digest('hex') !== this.state.sha256) {
      throw this.changed('its content is not the one that the source names (SHA-256)');
    }
  }

  #check({ total, tag }: Piece): void {
    if (total !== this.state.size) throw this.changed(`it had ${this.state.size} bytes and has ${total}`);
    if (this.state.tag !== undefined && tag !== this.state.tag) throw this.changed('the server names another version');
  }

  /** The error for a file that is not what it was. */
  changed(what: string): MedbenchError {
    return new MedbenchError('network', `${this.name} has changed while it was in use: ${what}`, {
      hint: 'Start the run again: it is then another data set, and trainings on it begin anew.',
    });
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

/** As the standard's, which Node 20 does not have yet. */
interface PromiseWithResolvers {
  readonly promise: Promise<Uint8Array<ArrayBuffer>>;
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(error: unknown): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: PromiseWithResolvers['resolve'];
  let reject!: PromiseWithResolvers['reject'];
  const promise = new Promise<Uint8Array<ArrayBuffer>>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
