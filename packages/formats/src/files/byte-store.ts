import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { isMedbenchError, MedbenchError } from '@medbench/core';
import { openFile, unreadable } from '@medbench/data/files';
import type { ReadAt } from '../archives/tar.js';
import { openFiles, readFully } from './open-files.js';

/** Tells whether a file has changed without reading it. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  readonly stamp: string;
}

/** Reads bytes of files at any offset, wherever the files are. */
export interface ByteStore {
  /** @throws MedbenchError('data') naming a file that is missing or cannot be read. */
  stamp(file: string): Promise<FileStamp>;
  /**
   * Reads `length` bytes from `position` on.
   * @throws MedbenchError('data') naming the file if it cannot be read, ends before, or has another stamp by now.
   */
  read(file: string, position: number, length: number, stamp: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Lets `walk` read small pieces of a file from its begin to its end. A piece is valid until the next is read.
   * @throws MedbenchError('data') as `read`, and whatever `walk` throws.
   */
  walk<T>(file: string, walk: (readAt: ReadAt, stamp: FileStamp) => Promise<T>): Promise<T>;
}

/** How a fingerprint knows the content of a file. */
export interface FileContent {
  /** Path with `/` between its parts. */
  readonly path: string;
  readonly size: number;
  /** SHA-256 of the content, 64 hexadecimal digits; or another text that changes with the content. */
  readonly content: string;
}

/** Files behind an address, such as `https://…`. This package knows no protocol. */
export interface RemoteFiles extends ByteStore {
  /**
   * Lists the files that an address names, in order: itself, or those of a folder or pattern that end in `suffix`.
   * @throws MedbenchError('data' or 'config') naming the address and the way out.
   */
  list(address: string, suffix: string): Promise<readonly string[]>;
  /** Reads a small text; undefined if there is none at this address. */
  text(address: string): Promise<string | undefined>;
  contents(files: readonly string[]): Promise<readonly FileContent[]>;
  /** Fetches files ahead of their use, in this order, as far as there is room. Returns at once. */
  fetchAhead(files: readonly string[]): void;
}

/** Whether a text is an address and not a path. */
export const isAddress = (text: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(text);

/** The address of a file in the same folder. */
export const addressBeside = (address: string, name: string): string => new URL(name, address).href;

/** Reads files on disk, and those of `remote` where the name is an address. */
export function byteStore(remote?: RemoteFiles): ByteStore {
  const disk = diskStore();
  const pick = (file: string): ByteStore => (remote && isAddress(file) ? remote : disk);
  return {
    stamp: (file) => pick(file).stamp(file),
    read: (file, ...range) => pick(file).read(file, ...range),
    walk: (file, walk) => pick(file).walk(file, walk),
  };
}

function diskStore(): ByteStore {
  const files = openFiles();
  const walk: ByteStore['walk'] = async (file, use) => {
    const handle = await openFile(file);
    try {
      return await use(windowReader(handle), await readStamp(handle));
    } catch (cause) {
      throw isMedbenchError(cause) ? cause : unreadable(file, cause);
    } finally {
      await handle.close();
    }
  };
  return {
    walk,
    stamp: (file) => walk(file, async (_, stamp) => stamp),
    async read(file, position, length, stamp) {
      const bytes = new Uint8Array(length);
      await files.use(file, async (handle, fresh) => {
        const changed = fresh && (await readStamp(handle)).stamp !== stamp;
        if (changed || (await readFully(handle, bytes, position)) < length) throw hasChanged(file);
      });
      return bytes;
    },
  };
}

/** The error for a file that is not what it was when it was opened. */
export const hasChanged = (file: string): MedbenchError =>
  new MedbenchError('data', `${file} has changed while it was in use`, { hint: 'Start the run again.' });

/** Size and modification time of a file. */
async function readStamp(handle: FileHandle): Promise<FileStamp> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return { stamp: `${size}/${mtimeNs}`, size: Number(size) };
}

/** Bytes per read of a walk: enough for a caption with its neighbours' headers, but little of an image. */
const WINDOW = 4096;
/** Reads after which other tasks get a turn: a few milliseconds' worth. */
const READS_PER_TURN = 1000;

/**
 * Reads through a small window, because headers with small bodies between them lie close together. Reads are synchronous:
 * promises and buffers for a million headers would take three times as long and more memory.
 */
function windowReader(handle: FileHandle): ReadAt {
  let from = 0;
  let buffer = new Uint8Array(WINDOW);
  let window = buffer.subarray(0, 0);
  let reads = 0;
  return async (position, length) => {
    if (position < from || position + length > from + window.length) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      if (++reads % READS_PER_TURN === 0) await setImmediate();
      let filled = 0;
      for (let more = 1; more > 0 && filled < buffer.length; filled += more) {
        more = readSync(handle.fd, buffer, filled, buffer.length - filled, position + filled);
      }
      window = buffer.subarray(0, filled);
      from = position;
    }
    return window.subarray(position - from, position - from + length);
  };
}
