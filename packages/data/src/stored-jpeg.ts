import type { EncodedPair, RasterImage } from '@medbench/core';
import { decodeOptions } from './grey-window.js';
import { decodeImage, encodeJpeg } from './image.js';
import { parseBaselineJpeg } from './jpeg-frame.js';
import { decodeJpegPart } from './kernels/jpeg-part.js';
import { resizeShorterSideRounded } from './transform.js';

/** An image as a source gives it: encoded or decoded. */
export type SourceImage = Pick<EncodedPair, 'bytes' | 'name' | 'window'> | RasterImage;

/** The form in which images are stored for training. */
export interface StoredForm {
  /** Images with a longer shorter side are reduced to it, bicubic, as the `fixed` training crop does. */
  readonly side: number;
  /** Quality of the JPEG, 1 to 100. Colours are stored at full resolution. */
  readonly quality: number;
}

/**
 * Encodes an image as baseline JPEG for training. A baseline JPEG that is small enough is returned as it is.
 * @throws MedbenchError('data') as `decodeImage`.
 */
export async function storedJpeg(image: SourceImage, { side, quality }: StoredForm): Promise<Uint8Array> {
  if ('bytes' in image) {
    const jpeg = parseBaselineJpeg(image.bytes);
    // The smallest part is enough: damage anywhere is noticed.
    const small = jpeg && Math.min(jpeg.width, jpeg.height) <= side;
    if (small && decodeJpegPart(image.bytes, jpeg, { x: 0, y: 0, width: 1, height: 1 })) return image.bytes;
  }
  const decoded = 'bytes' in image ? await decodeImage(image.bytes, image.name, decodeOptions(image)) : image;
  const larger = Math.min(decoded.width, decoded.height) > side;
  return encodeJpeg(larger ? resizeShorterSideRounded(decoded, side) : decoded, quality, '4:4:4');
}
