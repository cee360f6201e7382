import type { ImageSplit, LeakCheck, LeakFindings, RasterImage, Source } from '@medbench/core';
import { type ImagePair, sharedGroups, sharedImages } from './find.js';
import { type ImageSignatures, signImages } from './signatures.js';

const indexPairs = (pairs: readonly ImagePair[]) => pairs.map(({ test, train }) => [test, train] as const);

/**
 * Makes a check that looks for test images in the training split, the validation split, a corpus and a validation corpus: shared patients by
 * name, identical images by their pixels, and nearly identical images (see `sharedImages`). The signatures of each
 * source are computed once, because a corpus is compared with every task of a run.
 */
export function leakCheck(): LeakCheck {
  const signed = new WeakMap<Source<RasterImage>, Promise<ImageSignatures>>();
  const signOnce = (images: Source<RasterImage>): Promise<ImageSignatures> => {
    const signatures = signed.get(images) ?? signImages(images);
    signed.set(images, signatures);
    return signatures;
  };
  const shared = async (train: ImageSplit, test: ImageSplit): Promise<LeakFindings> => {
    const { identical, near } = sharedImages(await signOnce(train.images), await signOnce(test.images));
    return {
      compared: train.images.length,
      groups: train.groups && test.groups ? sharedGroups(train.groups, test.groups) : null,
      identical: indexPairs(identical),
      near: indexPairs(near),
    };
  };
  return async ({ train, val, test }, corpus, validation) => ({
    test: test.images.length,
    ...(train ? { train: await shared(train, test) } : {}),
    ...(val ? { val: await shared(val, test) } : {}),
    ...(corpus ? { corpus: await shared({ images: corpus }, test) } : {}),
    ...(validation ? { validation: await shared({ images: validation }, test) } : {}),
  });
}
