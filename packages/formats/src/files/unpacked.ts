import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ensurePrivateFolder, errorMessage, MedbenchError } from '@medbench/core';
import { streamFile } from '@medbench/data/files';
import { cannotUnpack } from './damaged.js';

export interface UnpackOptions {
  /** Folder in which files are unpacked, once for each content. Default: a folder for temporary files. */
  readonly cacheFolder?: string;
  /** Maximum unpacked bytes; more is refused. Default 64 GiB. */
  readonly maxBytes?: number;
}

/**
 * Unpacks a part of a file into the cache folder, unless it is there already. Its name there is derived from the file's
 * path, size and modification time. A kill at any moment leaves no file that looks complete.
 * @param part Name of the part that is unpacked.
 * @returns the path of the unpacked bytes.
 * @throws MedbenchError('data') if it unpacks to more than `maxBytes`, or whatever `pieces` throws; ('store') if there
 * is no room for it.
 */
export async function unpackOnce(
  path: string,
  part: string,
  pieces: () => AsyncIterable<Uint8Array>,
  { cacheFolder = join(tmpdir(), 'medbench-unpacked'), maxBytes = 64 * 2 ** 30 }: UnpackOptions,
): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = createHash('sha256')
    .update(JSON.stringify([resolve(path), part, size, mtimeMs]))
    .digest('hex');
  const unpackedPath = join(cacheFolder, key.slice(0, 32));
  if (await stat(unpackedPath).catch(() => undefined)) return unpackedPath;
  const unfinished = `${unpackedPath}.${randomBytes(4).toString('hex')}.part`;
  async function* bounded(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const piece of pieces()) {
      bytes += piece.length;
      if (bytes > maxBytes) {
        throw new MedbenchError('data', `${path} unpacks to more than ${maxBytes} bytes`, {
          hint: 'It is not the expected file: fetch it again.',
        });
      }
      yield piece;
    }
  }
  try {
    // Unpacked data must not be open to more users than the data are.
    await ensurePrivateFolder(cacheFolder);
    await pipeline(bounded, createWriteStream(unfinished));
    await rename(unfinished, unpackedPath);
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw new MedbenchError('store', `${path} cannot be unpacked into ${cacheFolder}: ${errorMessage(cause)}`, {
      cause,
      hint: 'Free some disk space, or name another cache folder (MEDBENCH_CACHE).',
    });
  } finally {
    await rm(unfinished, { force: true });
  }
  return unpackedPath;
}

/**
 * Unpacks a `.gz` file once. @throws as `unpackOnce`; MedbenchError('data') naming a file that is damaged or cut short.
 */
export function gunzipOnce(path: string, options: UnpackOptions): Promise<string> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const stream = await streamFile(path);
    const unpacked = createGunzip();
    stream.on('error', (cause) => unpacked.destroy(cause));
    try {
      yield* stream.pipe(unpacked) as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw cannotUnpack(path, cause);
    } finally {
      stream.destroy();
    }
  }
  return unpackOnce(path, 'gzip', pieces, options);
}
