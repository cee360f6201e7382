import { createHash } from 'node:crypto';
import type { RasterImage, Source } from '@medbench/core';
import { resize } from '@medbench/data';

/** Side in pixels to which an image is shrunk for its perceptual hash. */
const HASH_SIDE = 32;
/** Side in pixels of the thumbnail that confirms a match. */
export const THUMBNAIL = 16;
/** Bytes kept of a SHA-256 digest. */
const DIGEST = 16;

/** Signatures by which images are recognised, 280 bytes per image. */
export interface ImageSignatures {
  readonly length: number;
  /** First 16 bytes of the SHA-256 of each image's size and pixels, `[N, 16]`. */
  readonly digests: Uint8Array;
  /** Perceptual hash of each image, `[N, 2]`: the signs of 63 low frequencies. */
  readonly hashes: Uint32Array;
  /** Grey thumbnail of each image, `[N, 16 · 16]`. */
  readonly thumbnails: Uint8Array;
}

/** Cosines of the first 8 frequencies at 32 positions (DCT-II). */
const COSINES = Array.from({ length: 8 }, (_, k) =>
  Float64Array.from({ length: HASH_SIDE }, (__, i) => Math.cos((Math.PI * k * (i + 0.5)) / HASH_SIDE)),
);

function grey(image: RasterImage): RasterImage {
  if (image.channels === 1) return image;
  const { width, height, data } = image;
  const luma = new Uint8Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = Math.round(0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!);
  }
  return { width, height, channels: 1, data: luma };
}

/**
 * Perceptual hash of an image of 32 x 32 pixels (the "pHash" of Zauner 2010): one bit for each of the 8 x 8 lowest
 * frequencies except the mean, set if the frequency lies above the median of all of them.
 */
function perceptualHash(pixels: Uint8Array): [number, number] {
  const rows = new Float64Array(8 * HASH_SIDE);
  for (let k = 0; k < 8; k++) {
    const cosine = COSINES[k]!;
    for (let y = 0; y < HASH_SIDE; y++) {
      let sum = 0;
      for (let x = 0; x < HASH_SIDE; x++) sum += cosine[x]! * pixels[y * HASH_SIDE + x]!;
      rows[k * HASH_SIDE + y] = sum;
    }
  }
  const values = COSINES.flatMap((cosine) =>
    COSINES.map((_, k) => {
      let sum = 0;
      for (let y = 0; y < HASH_SIDE; y++) sum += cosine[y]! * rows[k * HASH_SIDE + y]!;
      return sum;
    }),
  ).slice(1);
  const median = Float64Array.from(values).sort()[31]!;
  const words: [number, number] = [0, 0];
  values.forEach((value, i) => {
    if (value > median) words[i >> 5 === 0 ? 0 : 1] |= 1 << (i & 31);
  });
  return [words[0] >>> 0, words[1] >>> 0];
}

/** SHA-256 of an image's size and pixels, 32 bytes. */
export const imageDigest = ({ width, height, channels, data }: RasterImage): Uint8Array =>
  createHash('sha256').update(`${width}x${height}x${channels}:`).update(data).digest();

/** Images that are read at once, so that decoders on other threads have work. */
const IN_FLIGHT = 8;

/** Computes the signatures of all images. A few images are read at once, and none is kept in memory. */
export async function signImages(images: Source<RasterImage>): Promise<ImageSignatures> {
  const n = images.length;
  const digests = new Uint8Array(n * DIGEST);
  const hashes = new Uint32Array(n * 2);
  const thumbnails = new Uint8Array(n * THUMBNAIL ** 2);
  const sign = (i: number, image: RasterImage): void => {
    digests.set(imageDigest(image).subarray(0, DIGEST), i * DIGEST);
    const small = resize(grey(image), HASH_SIDE, HASH_SIDE).data;
    hashes.set(perceptualHash(small), i * 2);
    const offset = i * THUMBNAIL ** 2;
    for (let y = 0; y < THUMBNAIL; y++) {
      for (let x = 0; x < THUMBNAIL; x++) {
        const from = 2 * y * HASH_SIDE + 2 * x;
        const four = small[from]! + small[from + 1]! + small[from + HASH_SIDE]! + small[from + HASH_SIDE + 1]!;
        thumbnails[offset + y * THUMBNAIL + x] = (four + 2) >> 2;
      }
    }
  };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < n) {
      const i = next++;
      const image = await images.get(i).catch((error: unknown) => {
        next = n;
        throw error;
      });
      sign(i, image);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, n) }, lane));
  return { length: n, digests, hashes, thumbnails };
}

/** Digest of an image, as a string that can be the key of a map. */
export const digestKey = ({ digests }: ImageSignatures, i: number): string =>
  Buffer.from(digests.buffer, digests.byteOffset + i * DIGEST, DIGEST).toString('latin1');
