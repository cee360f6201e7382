import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type DataContext, errorMessage, MedbenchError, type RasterImage } from '@medbench/core';
import { decodeImage, imageFiles } from '@medbench/data';
import type { LabelledImages } from '@medbench/evaluation';
import { locate } from '@medbench/formats';
import { type ClassificationSplits, ClassificationTask } from './classification.js';
import { taskInfo } from './info.js';
import { testSplit } from './splits.js';

/** An image file with its label. */
export interface LabelledImage {
  readonly file: string;
  readonly label: number;
  /** Name of the patient or other subject that the image shows. */
  readonly group?: string;
}

/** A classification task whose expected files (`@Task`) are tables and folders of images. */
export abstract class ImageTask extends ClassificationTask {
  /** Reads the splits. @param paths The path at which each expected file was found, in the order of the info. */
  protected abstract read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits>;

  override async open(context: DataContext): Promise<ClassificationSplits> {
    return this.read(this.#paths(context), context);
  }

  protected override async files(context: DataContext): Promise<readonly string[]> {
    return this.#pathsOfKind(context, false);
  }

  protected override async imageFolders(context: DataContext): Promise<readonly string[]> {
    return this.#pathsOfKind(context, true);
  }

  async #pathsOfKind(context: DataContext, folders: boolean): Promise<readonly string[]> {
    const paths = [...new Set(this.#paths(context))];
    const kinds = await Promise.all(paths.map(async (path) => (await stat(path)).isDirectory()));
    return paths.filter((_, i) => kinds[i] === folders);
  }

  #paths({ dataRoot }: DataContext): string[] {
    const { files = [], source } = taskInfo(this);
    return files.map((file) => locate(dataRoot, file, source));
  }
}

/** Images with their labels and groups. An image is decoded when it is read. */
export function labelledImages(
  examples: readonly LabelledImage[],
  decode: (file: string) => Promise<RasterImage> = decodeImage,
): LabelledImages {
  const images = imageFiles(
    examples.map(({ file }) => file),
    decode,
  );
  const labels = Int32Array.from(examples, ({ label }) => label);
  if (examples.every(({ group }) => group === undefined)) return { images, labels };
  return { images, labels, groups: numberGroups(examples), groupNames: examples.map(({ group = '' }) => group) };
}

/** The number of each image's group. An image without a group is its own group. */
function numberGroups(images: readonly LabelledImage[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(images, ({ file, group }) => {
    const name = group === undefined ? `image ${file}` : `group ${group}`;
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}

/** Number of test images whose group has a training image; undefined if no image has a group. */
export function groupsInBoth(train: readonly LabelledImage[], test: readonly LabelledImage[]): number | undefined {
  if ([...train, ...test].every(({ group }) => group === undefined)) return undefined;
  const trainGroups = new Set(train.map(({ group }) => group));
  return test.filter(({ group }) => group !== undefined && trainGroups.has(group)).length;
}

/**
 * Splits the images of a data set without a published split. The order of the images does not matter.
 * @param share Share of the test split.
 * @param groupNoun Noun for a group, in the singular, such as "lesion".
 * @param mode The setting `split`: `grouped` unless it is `paper-like`.
 */
export function splitImages(
  images: readonly LabelledImage[],
  share: number,
  groupNoun: string,
  mode: unknown,
): Pick<ClassificationSplits, 'train' | 'test' | 'notes'> {
  const sorted = images
    .map((image) => ({ image, name: basename(image.file) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ image }) => image);
  const groups = numberGroups(sorted);
  const split = testSplit(
    Int32Array.from(sorted, ({ label }) => label),
    share,
    mode === 'paper-like' ? undefined : groups,
  );
  const trainGroups = new Set(split.train.map((i) => groups[i]!));
  const leaked = split.test.filter((i) => trainGroups.has(groups[i]!)).length;
  const pick = (indices: Int32Array) => labelledImages(Array.from(indices, (i) => sorted[i]!));
  return {
    train: pick(split.train),
    test: pick(split.test),
    notes:
      mode === 'paper-like'
        ? [
            `split image by image: ${leaked} of ${split.test.length} test images show a ${groupNoun} of the training split`,
          ]
        : [`split by medbench: no ${groupNoun} is in both the training and the test split`],
  };
}

const IMAGE = /^\.(jpe?g|png|tiff?|webp)$/i;

/** An entry of a folder. A link is what it leads to, as on clusters, where data sets are folders of links. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/** Entries that are no hidden file: systems leave files such as `._NAME.png` beside data. */
async function visibleEntries(folder: string): Promise<Entry[]> {
  const entries = (await readEntries(folder)).filter(({ name }) => !name.startsWith('.'));
  return Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
      return { name: entry.name, path, isFolder: kind.isDirectory() };
    }),
  );
}

const isImage = ({ name, isFolder }: Entry): boolean => !isFolder && IMAGE.test(extname(name));

/** Paths of the images directly in a folder, sorted by name. @throws MedbenchError('data') if there is no image. */
export async function imagesIn(folder: string): Promise<string[]> {
  const entries = await visibleEntries(folder);
  const bitmaps = entries.filter(({ name, isFolder }) => !isFolder && /\.bmp$/i.test(name)).length;
  if (bitmaps > 0) {
    throw new MedbenchError('data', `${folder} holds ${bitmaps} images as BMP, which are not read`, {
      hint: 'Convert them to PNG, which loses nothing: mogrify -format png *.bmp; then remove the .bmp files.',
    });
  }
  const names = entries.filter(isImage).map(({ name }) => name);
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new MedbenchError('data', `${folder} holds no images`, { hint: 'Unpack the data set there.' });
}

/** The images of one folder per class; folders are in label order. @throws as `imagesIn`. */
export async function imagesByClass(folders: readonly string[]): Promise<LabelledImage[]> {
  const byClass = await Promise.all(folders.map(imagesIn));
  return byClass.flatMap((files, label) => files.map((file) => ({ file, label })));
}

/** The images in folders and all folders below them, links included: a map from file name to path. */
export async function imagesBelow(folders: readonly string[]): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  // A link may lead to a folder above it.
  const visited = new Set<string>();
  const visit = async (folder: string): Promise<void> => {
    const real = await realpath(folder).catch(() => folder);
    if (visited.has(real)) return;
    visited.add(real);
    for (const entry of await visibleEntries(folder)) {
      if (entry.isFolder) await visit(entry.path);
      else if (isImage(entry)) paths.set(entry.name, entry.path);
    }
  };
  for (const folder of folders) await visit(folder);
  return paths;
}

async function readEntries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new MedbenchError('data', `${folder} cannot be read: ${errorMessage(cause)}`, { cause });
  }
}

/** The path of the image that a table row names. @throws MedbenchError('data') naming the row and the image. */
export function findImage(images: ReadonlyMap<string, string>, name: string, location: string): string {
  const file = images.get(name);
  if (file !== undefined) return file;
  throw new MedbenchError('data', `${location} names the image "${name}", which is not there`, {
    hint: 'Unpack all parts of the data set, or leave bad rows out with --skip-bad.',
  });
}

/** The label of a class code: its index in `codes`. @throws MedbenchError('data') naming the row. */
export function findLabel(codes: readonly string[], code: string, location: string): number {
  const label = codes.indexOf(code);
  if (label >= 0) return label;
  throw new MedbenchError('data', `${location} has the class "${code}", which is none of ${codes.join(', ')}`, {
    hint: 'Check that the table belongs to this data set.',
  });
}
