import type { LeakCheck, LeakFindings, PictureSplit, RasterImage, Source } from '@medbench/core';
import { type PicturePair, sharedGroups, sharedPictures } from './find.js';
import { type PictureSignatures, signPictures } from './signatures.js';

const places = (pairs: readonly PicturePair[]) => pairs.map(({ test, train }) => [test, train] as const);

/**
 * Looks for what test images have in common with the training split, the validation split and a corpus: patients by name,
 * images by their pixels, and nearly equal images (see `sharedPictures`). It signs each source once: a corpus is compared
 * with every task of a run.
 */
export function leakCheck(): LeakCheck {
  const signed = new WeakMap<Source<RasterImage>, Promise<PictureSignatures>>();
  const signaturesOf = (images: Source<RasterImage>): Promise<PictureSignatures> => {
    const known = signed.get(images) ?? signPictures(images);
    signed.set(images, known);
    return known;
  };
  const shared = async (train: PictureSplit, test: PictureSplit): Promise<LeakFindings> => {
    const { identical, near } = sharedPictures(await signaturesOf(train.images), await signaturesOf(test.images));
    return {
      compared: train.images.length,
      groups: train.groups && test.groups ? sharedGroups(train.groups, test.groups) : null,
      identical: places(identical),
      near: places(near),
    };
  };
  return async ({ train, val, test }, corpus) => ({
    test: test.images.length,
    ...(train ? { train: await shared(train, test) } : {}),
    ...(val ? { val: await shared(val, test) } : {}),
    ...(corpus ? { corpus: await shared({ images: corpus }, test) } : {}),
  });
}
