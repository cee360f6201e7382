import { digestKey, type ImageSignatures, THUMBNAIL } from './signatures.js';

/** Index of a test image, and index of a training image that is identical or nearly identical to it. */
export interface ImagePair {
  readonly test: number;
  readonly train: number;
}

/** Test images that occur in training. */
export interface SharedImages {
  /** One entry per test image whose pixels occur in training. */
  readonly identical: readonly ImagePair[];
  /** One entry per other test image that looks like a training image: encoded again, resized or converted. */
  readonly near: readonly ImagePair[];
}

/**
 * Largest number of bits in which two hashes of one image may differ. It is below the number of bands, so that at least
 * one band of two such hashes is equal.
 */
const HASH_DISTANCE = 7;
const BANDS = 8;
/** Largest root mean square difference of two thumbnails of one image, in grey levels of 255. */
const GREY_LEVELS = 3;
/** Smallest standard deviation of a thumbnail, in grey levels, with enough content to be compared. */
const CONTRAST = 6;
/** Smallest correlation of two thumbnails of one image. */
const CORRELATION = 0.995;

function countBits(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

const hashBand = (hashes: Uint32Array, i: number, band: number): number =>
  (hashes[2 * i + (band >> 2)]! >>> (8 * (band & 3))) & 255;

const SIZE = THUMBNAIL ** 2;

/** Whether two thumbnails show one image. */
function looksSame(a: Uint8Array, b: Uint8Array): boolean {
  let square = 0;
  let sumA = 0;
  let sumB = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let i = 0; i < SIZE; i++) {
    const x = a[i]!;
    const y = b[i]!;
    square += (x - y) ** 2;
    sumA += x;
    sumB += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  if (square > GREY_LEVELS ** 2 * SIZE) return false;
  const varianceA = aa / SIZE - (sumA / SIZE) ** 2;
  const varianceB = bb / SIZE - (sumB / SIZE) ** 2;
  if (Math.min(varianceA, varianceB) < CONTRAST ** 2) return false;
  const covariance = ab / SIZE - (sumA * sumB) / SIZE ** 2;
  return covariance >= CORRELATION * Math.sqrt(varianceA * varianceB);
}

/**
 * Finds test images that occur in training: images with equal pixels, and images whose perceptual hashes differ in at
 * most 7 of 63 bits and whose thumbnails differ by at most 3 grey levels with a correlation of at least 0.995. The hash
 * alone takes radiographs of different people for the same image; the thumbnail tells them apart. Crops, flips and
 * changes of contrast are not found.
 */
export function sharedImages(train: ImageSignatures, test: ImageSignatures): SharedImages {
  const trainByDigest = new Map<string, number>();
  for (let i = train.length - 1; i >= 0; i--) trainByDigest.set(digestKey(train, i), i);
  const buckets = Array.from({ length: BANDS }, () => Array.from({ length: 256 }, (): number[] => []));
  for (let i = 0; i < train.length; i++) {
    for (let band = 0; band < BANDS; band++) buckets[band]![hashBand(train.hashes, i, band)]!.push(i);
  }
  const identical: ImagePair[] = [];
  const near: ImagePair[] = [];
  for (let t = 0; t < test.length; t++) {
    const same = trainByDigest.get(digestKey(test, t));
    if (same !== undefined) {
      identical.push({ test: t, train: same });
      continue;
    }
    const alike = nearest(train, test, t, buckets);
    if (alike !== undefined) near.push({ test: t, train: alike });
  }
  return { identical, near };
}

function nearest(
  train: ImageSignatures,
  test: ImageSignatures,
  t: number,
  buckets: readonly (readonly (readonly number[])[])[],
): number | undefined {
  const low = test.hashes[2 * t]!;
  const high = test.hashes[2 * t + 1]!;
  const thumbnail = test.thumbnails.subarray(t * SIZE, (t + 1) * SIZE);
  for (let band = 0; band < BANDS; band++) {
    for (const i of buckets[band]![hashBand(test.hashes, t, band)]!) {
      if (countBits(low ^ train.hashes[2 * i]!) + countBits(high ^ train.hashes[2 * i + 1]!) > HASH_DISTANCE) continue;
      if (looksSame(thumbnail, train.thumbnails.subarray(i * SIZE, (i + 1) * SIZE))) return i;
    }
  }
  return undefined;
}

/** Indices of test examples whose group, such as a patient, also occurs in training. `''` is an unknown group. */
export function sharedGroups(train: readonly string[], test: readonly string[]): number[] {
  const trainGroups = new Set(train.filter((name) => name !== ''));
  return test.flatMap((name, i) => (trainGroups.has(name) ? [i] : []));
}
