import { MedbenchError, type RasterImage, type SettingSpec, type Source } from '@medbench/core';
import sharp from 'sharp';

/** Levels of a 16-bit grey image that become 0 and 255, or `auto`: the least and the greatest level of each image. */
export type GreyWindow = readonly [low: number, high: number] | 'auto';

/** The setting `window` of data sets whose images may be 16-bit grey. */
export const GREY_WINDOW_SETTING: SettingSpec = {
  default: 'full',
  description:
    'levels of 16-bit grey images that become black and white: full (0-65535), LOW-HIGH such as 0-4095 for 12-bit levels, or auto (the least and the greatest of each image)',
  type: 'text',
};

/**
 * Reads the setting `window`.
 * @param name Name of the setting in the message, such as `taskSettings.vindr-mammo.window`.
 * @returns undefined for `full` and for an absent setting.
 * @throws MedbenchError('config') naming the setting.
 */
export function parseGreyWindow(value: unknown, name: string): GreyWindow | undefined {
  if (value === undefined || value === 'full') return undefined;
  if (value === 'auto') return 'auto';
  const [, low, high] = /^(\d{1,5})-(\d{1,5})$/.exec(String(value)) ?? [];
  if (low !== undefined && Number(low) < Number(high) && Number(high) <= 65_535) return [Number(low), Number(high)];
  throw new MedbenchError('config', `${name} is "${String(value)}", which is no window of levels`, {
    hint: 'Write full, auto, or two levels of 0 to 65535 such as 0-4095.',
  });
}

/** The options of `decodeImage` for a pair or a data set with a window. */
export const decodeOptions = ({ window }: { readonly window?: GreyWindow | undefined }): { window?: GreyWindow } =>
  window === undefined ? {} : { window };

/** The least and the greatest level. */
export function levelRange(levels: Uint8Array | Uint16Array): readonly [low: number, high: number] {
  let low = 65_535;
  let high = 0;
  for (const level of levels) {
    if (level < low) low = level;
    if (level > high) high = level;
  }
  return [low, high];
}

/**
 * The least and the greatest level of an image.
 * @param input Path of its file, or the file's bytes.
 * @returns undefined unless it is a 16-bit grey image that can be decoded.
 */
export async function deepGreyRange(
  input: string | Uint8Array,
): Promise<readonly [low: number, high: number] | undefined> {
  try {
    const image = sharp(input, { failOn: 'error' });
    const { space, depth } = await image.metadata();
    if (space !== 'grey16' || depth !== 'ushort') return undefined;
    const bytes = await image
      .pipelineColourspace('grey16')
      .removeAlpha()
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer();
    return levelRange(new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)));
  } catch {
    return undefined;
  }
}

/** Greatest share of the range that images of too few bits use: 14-bit levels in 16 bits take a quarter of it. */
const SMALL_PART = 0.26;

/** The window that a data set seems to need: of the fewest bits that hold its greatest level, at least 8. */
function suggestWindow(high: number): string {
  let bits = 8;
  while (2 ** bits <= high) bits++;
  return `0-${2 ** bits - 1}`;
}

/**
 * Says so if 16-bit grey images use a small part of their range, so that they come out nearly black.
 * @param images Some of the data set's images, as paths or bytes of their files, the same in every run.
 * @param setting Name of the setting that selects a window, if there is one.
 */
export async function deepGreyNote(
  images: readonly (string | Uint8Array)[],
  setting: string | undefined,
): Promise<string | undefined> {
  let deep = 0;
  let highest = 0;
  for (const image of images) {
    const range = await deepGreyRange(image);
    if (!range) continue;
    deep++;
    highest = Math.max(highest, range[1]);
  }
  if (deep === 0 || highest === 0 || highest > SMALL_PART * 65_535) return undefined;
  const remedy = setting ? `set ${setting}=${suggestWindow(highest)} (or auto)` : 'convert them to 8 bits';
  return `16-bit grey images use levels up to ${highest} of 65535 (${deep} looked at) and come out nearly black: ${remedy}`;
}

/** Images whose levels are looked at when a data set is opened. */
const LOOKED_AT = 8;

/** Indices of some elements of a list, spread evenly. */
export const spreadIndices = (length: number, count = LOOKED_AT): number[] =>
  length <= count
    ? Array.from({ length }, (_, i) => i)
    : Array.from({ length: count }, (_, i) => Math.floor((i * (length - 1)) / Math.max(1, count - 1)));

/** Paths of some images that have files of their own, spread evenly; none if they have not. */
export async function someFiles(images: Source<RasterImage>): Promise<string[]> {
  if (!images.file) return [];
  return Promise.all(spreadIndices(images.length).map(async (index) => images.file!(index)));
}
