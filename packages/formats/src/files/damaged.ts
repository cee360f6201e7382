import { Transform } from 'node:stream';
import { errorMessage, MedbenchError } from '@medbench/core';

/** The error for an array file whose bytes contradict each other. */
export function damaged(name: string, reason: string): MedbenchError {
  return new MedbenchError('data', `${name} is damaged: ${reason}`, { hint: 'Download or write the file again.' });
}

/**
 * The error for a file that ends too early, or whose bytes make no sense. `fault` continues the sentence that the path
 * begins.
 */
export function cutShort(path: string, fault: string, cause?: unknown): MedbenchError {
  return new MedbenchError('data', `${path} ${fault}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'The download was probably cut short; fetch the file again.',
  });
}

/** The error for a gzipped file that cannot be unpacked. */
export const cannotUnpack = (path: string, cause: unknown): MedbenchError =>
  cutShort(path, `cannot be unpacked: ${errorMessage(cause)}`, cause);

/** A gzipped table may unpack to this many times its size; tables are known to reach 50. Deflate allows 1032. */
const MAX_RATIO = 200;
/** Fewer unpacked bytes than this are never too many. */
const ALWAYS_ALLOWED = 16 * 2 ** 20;

/**
 * Passes unpacked bytes on as long as they are at most 200 times the packed ones, above 16 MiB.
 * @param packed The stream of packed bytes.
 * @throws MedbenchError('data') naming `path`, as an error of the stream.
 */
export function boundedRatio(path: string, packed: { readonly bytesRead: number }): Transform {
  let bytes = 0;
  return new Transform({
    transform(piece: Buffer, _, done) {
      bytes += piece.length;
      if (bytes <= Math.max(ALWAYS_ALLOWED, MAX_RATIO * packed.bytesRead)) return done(null, piece);
      done(
        new MedbenchError('data', `${path} unpacks to more than ${MAX_RATIO} times its size`, {
          hint: 'It is not the expected table.',
        }),
      );
    },
  });
}
