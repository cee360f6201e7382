import type { EncodedPair, Random, RasterImage } from '@medbench/core';
import { decodeOptions } from './grey-window.js';
import { decodeImage, MAX_PIXELS } from './image.js';
import { parseBaselineJpeg } from './jpeg-frame.js';
import { decodeJpegPart } from './kernels/jpeg-part.js';
import { fullBox, resample } from './resample.js';
import type { CropSteps } from './transform.js';

/**
 * The training view of an encoded image. Of a baseline JPEG only the part that the view shows is decoded, to the same
 * bytes as through `decodeImage`.
 * @param stream makes the random numbers of the view, from their beginning.
 * @throws MedbenchError('data') as `decodeImage`.
 */
export async function decodeView(
  encoded: Pick<EncodedPair, 'bytes' | 'name' | 'window'>,
  { stored, view, direct }: CropSteps,
  stream: () => Random,
): Promise<RasterImage> {
  const jpeg = parseBaselineJpeg(encoded.bytes);
  const resampling = jpeg && jpeg.width * jpeg.height <= MAX_PIXELS ? direct(jpeg, stream()) : undefined;
  const part = resampling && decodeJpegPart(encoded.bytes, jpeg!, resampling.box);
  if (part) return resample(part, { ...resampling, box: fullBox(part) });
  return view(stored(await decodeImage(encoded.bytes, encoded.name, decodeOptions(encoded))), stream());
}
