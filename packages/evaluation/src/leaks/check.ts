import type { LeakCheck, LeakFindings, PictureSplit, RasterImage, Source } from '@medbench/core';
import { type PicturePair, sharedGroups, sharedPictures } from './find.js';
import { type PictureSignatures, signPictures } from './signatures.js';

/** Signatures of sources seen before: a corpus is compared with every task of a run, and signed once. */
const signed = new WeakMap<Source<RasterImage>, Promise<PictureSignatures>>();

function signaturesOf(images: Source<RasterImage>): Promise<PictureSignatures> {
  const known = signed.get(images) ?? signPictures(images);
  signed.set(images, known);
  return known;
}

const places = (pairs: readonly PicturePair[]) => pairs.map(({ test, train }) => [test, train] as const);

/** @throws MedbenchError as reading a picture does. */
async function shared(train: PictureSplit, test: PictureSplit): Promise<LeakFindings> {
  const { identical, near } = sharedPictures(await signaturesOf(train.images), await signaturesOf(test.images));
  return {
    compared: train.images.length,
    groups: train.groups && test.groups ? sharedGroups(train.groups, test.groups) : null,
    identical: places(identical),
    near: places(near),
  };
}

/**
 * What test pictures have in common with the training split, the validation split and a corpus: patients by name,
 * pictures by their pixels, and nearly equal pictures (see `sharedPictures`).
 */
export const checkLeaks: LeakCheck = async ({ train, val, test }, corpus) => ({
  test: test.images.length,
  ...(train ? { train: await shared(train, test) } : {}),
  ...(val ? { val: await shared(val, test) } : {}),
  ...(corpus ? { corpus: await shared({ images: corpus }, test) } : {}),
});
