import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errorMessage, MedbenchError } from '@medbench/core';
import { cannotUnpack } from './damaged.js';

export interface UnpackOptions {
  /** Folder in which packed bytes are unpacked, once for each content. Default: a folder for temporary files. */
  readonly cacheFolder?: string;
  /** What unpacks to more is refused. Default 64 GiB. */
  readonly maxBytes?: number;
}

/**
 * Unpacks something of a file into the cache folder, under a name that the file's place, size and time of change give,
 * unless it is there already. A kill at any moment leaves nothing that looks whole.
 * @param part Names what is unpacked of the file.
 * @returns the path of the unpacked bytes.
 * @throws MedbenchError('data') if it unpacks to more than the bound, or whatever `pieces` throws; ('store') if there is no
 * room for it.
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
  const plain = join(cacheFolder, key.slice(0, 32));
  if (await stat(plain).catch(() => undefined)) return plain;
  const unfinished = `${plain}.${randomBytes(4).toString('hex')}.part`;
  async function* bounded(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const piece of pieces()) {
      bytes += piece.length;
      if (bytes > maxBytes) {
        throw new MedbenchError('data', `${path} unpacks to more than ${maxBytes} bytes`, {
          hint: 'It is not what it should be: fetch it again.',
        });
      }
      yield piece;
    }
  }
  try {
    await mkdir(cacheFolder, { recursive: true });
    await pipeline(bounded, createWriteStream(unfinished));
    await rename(unfinished, plain);
  } catch (cause) {
    if (cause instanceof MedbenchError) throw cause;
    throw new MedbenchError('store', `${path} cannot be unpacked into ${cacheFolder}: ${errorMessage(cause)}`, {
      cause,
      hint: 'Free some disk, or name another cache folder (MEDBENCH_CACHE).',
    });
  } finally {
    await rm(unfinished, { force: true });
  }
  return plain;
}

/** A `.gz`, unpacked once. @throws as `unpackOnce`; MedbenchError('data') naming a file that is damaged or cut short. */
export function gunzipOnce(path: string, options: UnpackOptions): Promise<string> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const stream = createReadStream(path);
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
