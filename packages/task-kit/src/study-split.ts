import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DataContext, MedbenchError } from '@medbench/core';
import { readCsv } from '@medbench/formats';
import type { ClassificationSplits } from './classification.js';
import { groupsInBoth, type LabelledImage, labelledImages, splitImages } from './images.js';
import { isSynthetic } from './info.js';

/** How the study divided a data set without a published split. */
export interface StudySplit {
  /** URL of a table with the columns `file` (name of an image) and `split` (`train` or `test`). */
  readonly list: URL;
  /** Share of the test split, for generated data, whose images the list does not name. */
  readonly share: number;
  /** Noun for a group, in the singular, such as "lesion". */
  readonly groupNoun: string;
  /** How certain the list is, for the hint of an error and for readers of a result. */
  readonly remark?: string;
}

/**
 * Splits images by the study's list, in the order of the list. Generated data, whose images it does not name, is split
 * image by image.
 * @throws MedbenchError('data') if a listed image is missing (under `skipBad` it is left out) or an image is not listed.
 */
export async function studySplit(
  images: readonly LabelledImage[],
  { list, share, groupNoun, remark }: StudySplit,
  context: DataContext,
): Promise<Pick<ClassificationSplits, 'train' | 'test' | 'notes'>> {
  if (await isSynthetic(context)) {
    const { train, test, notes = [] } = splitImages(images, share, groupNoun, 'paper-like');
    const grouped = images.some(({ group }) => group !== undefined);
    return {
      train,
      test,
      notes: ["generated images, which the study's list does not name", ...(grouped ? notes : [])],
    };
  }
  const byName = new Map(images.map((image) => [basename(image.file), image]));
  const splits: Record<string, LabelledImage[]> = { train: [], test: [] };
  const missing: string[] = [];
  for (const { file = '', split = '' } of await readCsv(fileURLToPath(list), { columns: ['file', 'split'] })) {
    const image = byName.get(file);
    if (image) splits[split]!.push(image);
    else missing.push(file);
    byName.delete(file);
  }
  const [unlisted] = byName.keys();
  const hint = [remark, "Complete the data set, or choose another value of the task's setting split."];
  const refuse = (message: string) =>
    new MedbenchError('data', `split=study: ${message}`, { hint: hint.filter(Boolean).join(' ') });
  if (unlisted !== undefined) throw refuse(`the study's list does not name the image ${unlisted}`);
  if (missing.length > 0 && !context.skipBad) {
    const further = missing.length > 1 ? ` (nor are ${missing.length - 1} others)` : '';
    throw refuse(`the image ${missing[0]} of the study's list is not there${further}`);
  }
  const { train = [], test = [] } = splits;
  const leaked = groupsInBoth(train, test);
  return {
    train: labelledImages(train),
    test: labelledImages(test),
    notes: [
      "split by the study's list of files",
      ...(remark ? [remark] : []),
      ...(leaked === undefined
        ? []
        : [`${leaked} of ${test.length} test images show a ${groupNoun} of the training split`]),
      ...(missing.length > 0 ? [`${missing.length} images of the study's list are left out`] : []),
    ],
  };
}
