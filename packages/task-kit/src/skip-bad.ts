import { type DataContext, isMedbenchError, type RasterImage, type Source } from '@medbench/core';
import { subset } from '@medbench/data';
import type { LabelledImages, RetrievalData, VqaExample } from '@medbench/evaluation';

const isBad = (error: unknown): boolean => isMedbenchError(error) && error.code === 'data';

/** What is read of each row of a table; rows that cannot be read are left out under `skipBad`, else they are an error. */
export function readRows<T, R>(
  rows: readonly T[],
  { skipBad, skip }: Pick<DataContext, 'skipBad' | 'skip'>,
  read: (row: T, index: number) => R,
): R[] {
  if (!skipBad) return rows.map(read);
  return rows.flatMap((row, i) => {
    try {
      return [read(row, i)];
    } catch (error) {
      if (!isBad(error)) throw error;
      skip((error as Error).message);
      return [];
    }
  });
}

/**
 * Which images of a task can be decoded. Each is decoded once for it in a run, so that every method sees the same examples:
 * a task keeps one of these, and lives as long as its run.
 */
export class GoodImages {
  readonly #looked = new Map<string, Promise<Int32Array>>();

  /**
   * Places of the images that can be decoded; undefined for all.
   * @param name What the images are within their data set, such as a split.
   */
  async among(
    name: string,
    images: Source<RasterImage>,
    { skipBad, skip, dataRoot, settings }: DataContext,
  ): Promise<Int32Array | undefined> {
    if (!skipBad) return undefined;
    const key = JSON.stringify([name, dataRoot, settings, images.length]);
    const looked = this.#looked.get(key) ?? look(images, skip);
    this.#looked.set(key, looked);
    looked.catch(() => this.#looked.delete(key));
    const good = await looked;
    return good.length === images.length ? undefined : good;
  }
}

async function look(images: Source<RasterImage>, skip: DataContext['skip']): Promise<Int32Array> {
  const good: number[] = [];
  for (let i = 0; i < images.length; i++) {
    try {
      await images.get(i);
      good.push(i);
    } catch (error) {
      if (!isBad(error)) throw error;
      skip((error as Error).message);
    }
  }
  return Int32Array.from(good);
}

/** A split without the images that cannot be decoded, and what to say of it. */
export async function goodSplit(
  known: GoodImages,
  name: string,
  split: LabelledImages,
  context: DataContext,
): Promise<{ readonly split: LabelledImages; readonly notes: readonly string[] }> {
  const good = await known.among(name, split.images, context);
  if (!good) return { split, notes: [] };
  const { images, labels, groups, groupNames } = split;
  return {
    split: {
      images: subset(images, good),
      labels: Int32Array.from(good, (i) => labels[i]!),
      ...(groups ? { groups: Int32Array.from(good, (i) => groups[i]!) } : {}),
      ...(groupNames ? { groupNames: Array.from(good, (i) => groupNames[i]!) } : {}),
    },
    notes: [leftOut(name, images.length - good.length, images.length)],
  };
}

/** A gallery without the images that cannot be decoded, and their texts. */
export async function goodGallery(
  known: GoodImages,
  gallery: RetrievalData,
  context: DataContext,
): Promise<{ readonly gallery: RetrievalData; readonly notes: readonly string[] }> {
  const good = await known.among('gallery', gallery.images, context);
  if (!good) return { gallery, notes: [] };
  const place = places(good);
  const kept = gallery.texts.flatMap((_, i) => (place.has(gallery.imageOfText[i]!) ? [i] : []));
  return {
    gallery: {
      images: subset(gallery.images, good),
      texts: kept.map((i) => gallery.texts[i]!),
      imageOfText: Int32Array.from(kept, (i) => place.get(gallery.imageOfText[i]!)!),
      ...(gallery.groups ? { groups: Int32Array.from(good, (i) => gallery.groups![i]!) } : {}),
      ...(gallery.groupNames ? { groupNames: Array.from(good, (i) => gallery.groupNames![i]!) } : {}),
    },
    notes: [leftOut('test', gallery.images.length - good.length, gallery.images.length)],
  };
}

/** Questions about some of the images, which they then name by their places among those. */
export const questionsAbout = (questions: readonly VqaExample[], kept: Int32Array): VqaExample[] => {
  const place = places(kept);
  return questions.flatMap((one) => (place.has(one.image) ? [{ ...one, image: place.get(one.image)! }] : []));
};

const places = (good: Int32Array): Map<number, number> => new Map(Array.from(good, (image, i) => [image, i]));

/** For a reader of the figure. */
export const leftOut = (split: string, count: number, of: number): string =>
  `left out: ${count} of ${of} ${split} images, which cannot be read`;
