import { type DataContext, isMedbenchError, type RasterImage, type Source } from '@medbench/core';
import { subset } from '@medbench/data';
import type { LabelledImages, RetrievalData, VqaExample } from '@medbench/evaluation';

const isDataError = (error: unknown): boolean => isMedbenchError(error) && error.code === 'data';

/**
 * Reads each row of a table. Under `skipBad`, rows that cannot be read are reported to `skip` and left out.
 * @throws the error of the first bad row, without `skipBad`.
 */
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
      skipRow(error, { skipBad, skip });
      return [];
    }
  });
}

/** Reports a row that cannot be read. @throws the error itself without `skipBad`, or if it is not about the data. */
export function skipRow(error: unknown, { skipBad, skip }: Pick<DataContext, 'skipBad' | 'skip'>): void {
  if (!skipBad || !isDataError(error)) throw error;
  skip((error as Error).message);
}

/** The note that readers of a result see about rows that `readRows` left out; empty if it left out none. */
export const leftOutRowsNote = (
  noun: string,
  kept: { readonly length: number },
  all: { readonly length: number },
): readonly string[] =>
  kept.length < all.length
    ? [`left out: ${all.length - kept.length} of ${all.length} ${noun}, which cannot be used`]
    : [];

/**
 * Finds the images of a task that can be decoded. A task keeps one instance and lives as long as its run, so each image
 * is checked once per run, and every method sees the same examples.
 */
export class DecodableImages {
  readonly #pending = new Map<string, Promise<Int32Array>>();

  /**
   * Returns the indices of the images that can be decoded; undefined without `skipBad`, or if all can be decoded.
   * @param name Name of this group of images within its data set, such as a split.
   */
  async find(
    name: string,
    images: Source<RasterImage>,
    { skipBad, skip, dataRoot, settings }: DataContext,
  ): Promise<Int32Array | undefined> {
    if (!skipBad) return undefined;
    const key = JSON.stringify([name, dataRoot, settings, images.length]);
    const pending = this.#pending.get(key) ?? listDecodable(images, skip);
    this.#pending.set(key, pending);
    pending.catch(() => this.#pending.delete(key));
    const decodable = await pending;
    return decodable.length === images.length ? undefined : decodable;
  }
}

async function listDecodable(images: Source<RasterImage>, skip: DataContext['skip']): Promise<Int32Array> {
  const decodable: number[] = [];
  for (let i = 0; i < images.length; i++) {
    try {
      await images.get(i);
      decodable.push(i);
    } catch (error) {
      if (!isDataError(error)) throw error;
      skip((error as Error).message);
    }
  }
  return Int32Array.from(decodable);
}

/** Returns a split without the images that cannot be decoded, and a note with their number. */
export async function decodableSplit(
  decodableImages: DecodableImages,
  name: string,
  split: LabelledImages,
  context: DataContext,
): Promise<{ readonly split: LabelledImages; readonly notes: readonly string[] }> {
  const decodable = await decodableImages.find(name, split.images, context);
  if (!decodable) return { split, notes: [] };
  const { images, labels, groups, groupNames } = split;
  return {
    split: {
      images: subset(images, decodable),
      labels: Int32Array.from(decodable, (i) => labels[i]!),
      ...(groups ? { groups: Int32Array.from(decodable, (i) => groups[i]!) } : {}),
      ...(groupNames ? { groupNames: Array.from(decodable, (i) => groupNames[i]!) } : {}),
    },
    notes: [leftOutNote(name, images.length - decodable.length, images.length)],
  };
}

/** Returns a gallery without the images that cannot be decoded and their texts, and a note with their number. */
export async function decodableGallery(
  decodableImages: DecodableImages,
  gallery: RetrievalData,
  context: DataContext,
): Promise<{ readonly gallery: RetrievalData; readonly notes: readonly string[] }> {
  const decodable = await decodableImages.find('gallery', gallery.images, context);
  if (!decodable) return { gallery, notes: [] };
  const newIndex = mapToNewIndex(decodable);
  const kept = gallery.texts.flatMap((_, i) => (newIndex.has(gallery.imageOfText[i]!) ? [i] : []));
  return {
    gallery: {
      images: subset(gallery.images, decodable),
      texts: kept.map((i) => gallery.texts[i]!),
      imageOfText: Int32Array.from(kept, (i) => newIndex.get(gallery.imageOfText[i]!)!),
      ...(gallery.groups ? { groups: Int32Array.from(decodable, (i) => gallery.groups![i]!) } : {}),
      ...(gallery.groupNames ? { groupNames: Array.from(decodable, (i) => gallery.groupNames![i]!) } : {}),
    },
    notes: [leftOutNote('test', gallery.images.length - decodable.length, gallery.images.length)],
  };
}

/** Returns the questions about the kept images, with `image` changed to the index among the kept images. */
export const questionsAbout = (questions: readonly VqaExample[], kept: Int32Array): VqaExample[] => {
  const newIndex = mapToNewIndex(kept);
  return questions.flatMap((example) =>
    newIndex.has(example.image) ? [{ ...example, image: newIndex.get(example.image)! }] : [],
  );
};

const mapToNewIndex = (kept: Int32Array): Map<number, number> => new Map(Array.from(kept, (image, i) => [image, i]));

/** The note that readers of a result see about images that were left out. */
export const leftOutNote = (split: string, count: number, total: number): string =>
  `left out: ${count} of ${total} ${split === '' ? '' : `${split} `}images, which cannot be read`;
