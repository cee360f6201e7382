import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type DataContext, MedbenchError, messageOf, type RasterImage } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import type { LabelledImages } from '@medbench/evaluation';
import { locate } from '@medbench/formats';
import { type ClassificationSplits, ClassificationTask } from './classification.js';
import { factsOf } from './facts.js';
import { testSplit } from './splits.js';

/** A picture that is a file of its own. */
export interface LabelledPicture {
  readonly file: string;
  readonly label: number;
  /** Whom or what it shows, such as a patient. */
  readonly group?: string;
}

/** A classification task whose expected files (`@Task`) are tables, and folders of pictures. */
export abstract class PictureTask extends ClassificationTask {
  /** @param places Where each of the expected files was found, in their order. */
  protected abstract read(places: readonly string[], context: DataContext): Promise<ClassificationSplits>;

  override async open(context: DataContext): Promise<ClassificationSplits> {
    return this.read(this.#places(context), context);
  }

  protected override async files(context: DataContext): Promise<readonly string[]> {
    return this.#those(context, false);
  }

  protected override async pictureFolders(context: DataContext): Promise<readonly string[]> {
    return this.#those(context, true);
  }

  async #those(context: DataContext, folders: boolean): Promise<readonly string[]> {
    const places = [...new Set(this.#places(context))];
    const kinds = await Promise.all(places.map(async (place) => (await stat(place)).isDirectory()));
    return places.filter((_, i) => kinds[i] === folders);
  }

  #places({ dataRoot }: DataContext): string[] {
    const { files = [], source } = factsOf(this);
    return files.map((file) => locate(dataRoot, file, source));
  }
}

/** Pictures that are decoded when read, with their labels and groups. */
export function labelledPictures(
  pictures: readonly LabelledPicture[],
  decode: (file: string) => Promise<RasterImage> = decodeImage,
): LabelledImages {
  const images = { length: pictures.length, get: (i: number) => decode(pictures[i]!.file) };
  const labels = Int32Array.from(pictures, ({ label }) => label);
  if (pictures.every(({ group }) => group === undefined)) return { images, labels };
  return { images, labels, groups: groupsOf(pictures), groupNames: pictures.map(({ group = '' }) => group) };
}

/** Pictures without a group are each their own. */
function groupsOf(pictures: readonly LabelledPicture[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(pictures, ({ file, group }) => {
    const name = group === undefined ? `picture ${file}` : `group ${group}`;
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
}

/**
 * Splits pictures of a data set without a published split, whatever order its table has.
 * @param share Share of the test split.
 * @param by What the groups are, in the singular.
 * @param how The setting `split`: `grouped` unless it is `paper-like`.
 */
export function splitPictures(
  pictures: readonly LabelledPicture[],
  share: number,
  by: string,
  how: unknown,
): Pick<ClassificationSplits, 'train' | 'test' | 'notes'> {
  const sorted = pictures
    .map((picture) => ({ picture, name: basename(picture.file) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ picture }) => picture);
  const groups = groupsOf(sorted);
  const split = testSplit(
    Int32Array.from(sorted, ({ label }) => label),
    share,
    how === 'paper-like' ? undefined : groups,
  );
  const known = new Set(split.train.map((i) => groups[i]!));
  const leaked = split.test.filter((i) => known.has(groups[i]!)).length;
  const pick = (places: Int32Array) => labelledPictures(Array.from(places, (i) => sorted[i]!));
  return {
    train: pick(split.train),
    test: pick(split.test),
    notes:
      how === 'paper-like'
        ? [
            `split picture by picture: ${leaked} of ${split.test.length} test pictures show a ${by} of the training split`,
          ]
        : [`our own split, no ${by} in both parts`],
  };
}

const PICTURE = /^\.(jpe?g|png|tiff?|bmp|webp)$/i;
const isPicture = (entry: Dirent): boolean =>
  !entry.isDirectory() && PICTURE.test(extname(entry.name)) && !entry.name.startsWith('.');

/** Paths of the pictures in a folder itself, by name. @throws MedbenchError('data') naming a folder without any. */
export async function picturesIn(folder: string): Promise<string[]> {
  const names = (await entriesOf(folder)).filter(isPicture).map(({ name }) => name);
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new MedbenchError('data', `${folder} holds no pictures`, { hint: 'Unpack the data set there.' });
}

/** The pictures of one folder for each class, in label order. @throws as `picturesIn`. */
export async function picturesByClass(folders: readonly string[]): Promise<LabelledPicture[]> {
  const byClass = await Promise.all(folders.map(picturesIn));
  return byClass.flatMap((files, label) => files.map((file) => ({ file, label })));
}

/** The pictures in folders and all folders below them: path by file name. */
export async function picturesBelow(folders: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      if (entry.isDirectory()) await visit(join(folder, entry.name));
      else if (isPicture(entry)) found.set(entry.name, join(folder, entry.name));
    }
  };
  for (const folder of folders) await visit(folder);
  return found;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new MedbenchError('data', `${folder} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** The picture of a table's row. @throws MedbenchError('data') naming the row and the picture. */
export function pictureOf(pictures: ReadonlyMap<string, string>, name: string, place: string): string {
  const file = pictures.get(name);
  if (file !== undefined) return file;
  throw new MedbenchError('data', `${place} names the picture "${name}", which is not there`, {
    hint: 'Unpack all parts of the data set, or leave bad rows out with --skip-bad.',
  });
}

/** The label of a code. @throws MedbenchError('data') naming the row. */
export function labelOf(codes: readonly string[], code: string, place: string): number {
  const label = codes.indexOf(code);
  if (label >= 0) return label;
  throw new MedbenchError('data', `${place} has the class "${code}", which is none of ${codes.join(', ')}`, {
    hint: 'Check that it is the table of the data set that you mean.',
  });
}
