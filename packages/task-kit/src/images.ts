import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type DataContext, errorMessage, MedbenchError, type RasterImage } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import type { LabelledImages } from '@medbench/evaluation';
import { locate } from '@medbench/formats';
import { type ClassificationSplits, ClassificationTask } from './classification.js';
import { taskInfo } from './info.js';
import { testSplit } from './splits.js';

/** An image that is a file of its own. */
export interface LabelledImage {
  readonly file: string;
  readonly label: number;
  /** Whom or what it shows, such as a patient. */
  readonly group?: string;
}

/** A classification task whose expected files (`@Task`) are tables, and folders of images. */
export abstract class ImageTask extends ClassificationTask {
  /** @param places Where each of the expected files was found, in their order. */
  protected abstract read(places: readonly string[], context: DataContext): Promise<ClassificationSplits>;

  override async open(context: DataContext): Promise<ClassificationSplits> {
    return this.read(this.#places(context), context);
  }

  protected override async files(context: DataContext): Promise<readonly string[]> {
    return this.#those(context, false);
  }

  protected override async imageFolders(context: DataContext): Promise<readonly string[]> {
    return this.#those(context, true);
  }

  async #those(context: DataContext, folders: boolean): Promise<readonly string[]> {
    const places = [...new Set(this.#places(context))];
    const kinds = await Promise.all(places.map(async (place) => (await stat(place)).isDirectory()));
    return places.filter((_, i) => kinds[i] === folders);
  }

  #places({ dataRoot }: DataContext): string[] {
    const { files = [], source } = taskInfo(this);
    return files.map((file) => locate(dataRoot, file, source));
  }
}

/** Images that are decoded when read, with their labels and groups. */
export function labelledImages(
  examples: readonly LabelledImage[],
  decode: (file: string) => Promise<RasterImage> = decodeImage,
): LabelledImages {
  const images = { length: examples.length, get: (i: number) => decode(examples[i]!.file) };
  const labels = Int32Array.from(examples, ({ label }) => label);
  if (examples.every(({ group }) => group === undefined)) return { images, labels };
  return { images, labels, groups: groupsOf(examples), groupNames: examples.map(({ group = '' }) => group) };
}

/** Images without a group are each their own. */
function groupsOf(images: readonly LabelledImage[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(images, ({ file, group }) => {
    const name = group === undefined ? `image ${file}` : `group ${group}`;
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
}

/**
 * Splits images of a data set without a published split, whatever order its table has.
 * @param share Share of the test split.
 * @param by What the groups are, in the singular.
 * @param how The setting `split`: `grouped` unless it is `paper-like`.
 */
export function splitImages(
  images: readonly LabelledImage[],
  share: number,
  by: string,
  how: unknown,
): Pick<ClassificationSplits, 'train' | 'test' | 'notes'> {
  const sorted = images
    .map((image) => ({ image, name: basename(image.file) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ image }) => image);
  const groups = groupsOf(sorted);
  const split = testSplit(
    Int32Array.from(sorted, ({ label }) => label),
    share,
    how === 'paper-like' ? undefined : groups,
  );
  const known = new Set(split.train.map((i) => groups[i]!));
  const leaked = split.test.filter((i) => known.has(groups[i]!)).length;
  const pick = (places: Int32Array) => labelledImages(Array.from(places, (i) => sorted[i]!));
  return {
    train: pick(split.train),
    test: pick(split.test),
    notes:
      how === 'paper-like'
        ? [`split image by image: ${leaked} of ${split.test.length} test images show a ${by} of the training split`]
        : [`our own split, no ${by} in both parts`],
  };
}

const IMAGE = /^\.(jpe?g|png|tiff?|bmp|webp)$/i;
const isImage = (entry: Dirent): boolean =>
  !entry.isDirectory() && IMAGE.test(extname(entry.name)) && !entry.name.startsWith('.');

/** Paths of the images in a folder itself, by name. @throws MedbenchError('data') naming a folder without any. */
export async function imagesIn(folder: string): Promise<string[]> {
  const names = (await entriesOf(folder)).filter(isImage).map(({ name }) => name);
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new MedbenchError('data', `${folder} holds no images`, { hint: 'Unpack the data set there.' });
}

/** The images of one folder for each class, in label order. @throws as `imagesIn`. */
export async function imagesByClass(folders: readonly string[]): Promise<LabelledImage[]> {
  const byClass = await Promise.all(folders.map(imagesIn));
  return byClass.flatMap((files, label) => files.map((file) => ({ file, label })));
}

/** The images in folders and all folders below them: path by file name. */
export async function imagesBelow(folders: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      if (entry.isDirectory()) await visit(join(folder, entry.name));
      else if (isImage(entry)) found.set(entry.name, join(folder, entry.name));
    }
  };
  for (const folder of folders) await visit(folder);
  return found;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new MedbenchError('data', `${folder} cannot be read: ${errorMessage(cause)}`, { cause });
  }
}

/** The image of a table's row. @throws MedbenchError('data') naming the row and the image. */
export function findImage(images: ReadonlyMap<string, string>, name: string, place: string): string {
  const file = images.get(name);
  if (file !== undefined) return file;
  throw new MedbenchError('data', `${place} names the image "${name}", which is not there`, {
    hint: 'Unpack all parts of the data set, or leave bad rows out with --skip-bad.',
  });
}

/** The label of a code. @throws MedbenchError('data') naming the row. */
export function findLabel(codes: readonly string[], code: string, place: string): number {
  const label = codes.indexOf(code);
  if (label >= 0) return label;
  throw new MedbenchError('data', `${place} has the class "${code}", which is none of ${codes.join(', ')}`, {
    hint: 'Check that it is the table of the data set that you mean.',
  });
}
