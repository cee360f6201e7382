import { digestKey, type ImageSignatures, THUMBNAIL } from './signatures.js';

/** An image to test on, and one to learn from that is the same or nearly so; places in their splits. */
export interface ImagePair {
  readonly test: number;
  readonly train: number;
}

export interface SharedImages {
  /** One entry per test image whose pixels occur in training. */
  readonly identical: readonly ImagePair[];
  /** One per other test image that looks the same as one in training: encoded again, resized, converted. */
  readonly near: readonly ImagePair[];
}

/** Bits in which the hashes of one image may differ; with eight bands of bits, one is then equal. */
const HASH_DISTANCE = 7;
const BANDS = 8;
/** Largest root mean square difference of thumbnails, in grey levels of 255, of what counts as the same image. */
const GREY_LEVELS = 3;
/** Standard deviation of a thumbnail, in grey levels, under which it shows too little to be told from others. */
const CONTRAST = 6;
/** Smallest correlation of thumbnails of one image. */
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
 * Test images that training shows: equal pixels, or a perceptual hash within 7 of 63 bits whose thumbnail differs by
 * no more than 3 grey levels and correlates by 0.995. Radiographs of different people look alike to the hash alone; the
 * thumbnail tells them apart. Crops, flips and changed contrast are not found.
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

/** Test examples whose group, such as a patient, training shows too. `''` stands for an unknown group. */
export function sharedGroups(train: readonly string[], test: readonly string[]): number[] {
  const trainGroups = new Set(train.filter((name) => name !== ''));
  return test.flatMap((name, i) => (trainGroups.has(name) ? [i] : []));
}
