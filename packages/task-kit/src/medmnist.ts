import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type DataContext, type ExpectedFile, MedbenchError, type SettingSpec, type TaskInfo } from '@medbench/core';
import { subset } from '@medbench/data';
import type { LabelledImages } from '@medbench/evaluation';
import { type ByteRows, type NpyArray, openNpzRows, readNpz, requireFile } from '@medbench/formats';
import { CLASSIFICATION, type ClassificationSplits, ClassificationTask } from './classification.js';
import { taskInfo } from './info.js';
import { MULTI_LABEL, MultiLabelTask, type OpenedMultiLabel } from './multi-label.js';
import { CLASSIFICATION_SETTINGS, PROMPT_SETTINGS } from './prompts.js';
import { leftOutRowsNote } from './skip-bad.js';

/** Image sides in pixels: 28 in MedMNIST v2, the other sizes in MedMNIST+. The study's size comes first. */
const SIDES = [224, 128, 64, 28] as const;
type Side = (typeof SIDES)[number];

const SPLITS = ['train', 'val', 'test'] as const;

const fileName = (id: string, side: Side): string => (side === 28 ? `${id}.npz` : `${id}_${side}.npz`);

/** Address from which MedMNIST and MedMNIST+ are downloaded. */
export const MEDMNIST_SOURCE = 'https://zenodo.org/records/10519652';
/** Citation of the collection, which every task adds to the citation of its own source. */
export const MEDMNIST_CITATION = 'Yang et al. 2023, MedMNIST v2, doi:10.1038/s41597-022-01721-8';

/** The setting that selects the file size. */
const SIZE_SETTING: Readonly<Record<string, SettingSpec>> = {
  size: {
    default: 'largest',
    description: 'side of the images in pixels: 28, 64, 128, 224, or that of the largest file found',
    choices: ['largest', '28', '64', '128', '224'],
  },
};

/** The setting that selects the file size, and the settings of every classification task. */
export const MEDMNIST_SETTINGS: Readonly<Record<string, SettingSpec>> = { ...SIZE_SETTING, ...CLASSIFICATION_SETTINGS };

/** The info that the data sets of the collection share. Only DermaMNIST has another licence. */
export const MEDMNIST = {
  ...CLASSIFICATION,
  version: 1,
  licence: 'CC BY 4.0',
  access: 'open',
  images: 'shown',
  source: MEDMNIST_SOURCE,
  settings: MEDMNIST_SETTINGS,
} as const satisfies Partial<TaskInfo>;

/** The same for data sets whose images may have several labels. */
export const MEDMNIST_MULTI_LABEL = {
  ...MEDMNIST,
  ...MULTI_LABEL,
  settings: { ...SIZE_SETTING, ...PROMPT_SETTINGS },
} as const satisfies Partial<TaskInfo>;

/**
 * The expected file of a data set of the collection, in any of its sizes.
 * @param md5 Hash of the file of each size (MedMNIST 3.0.2).
 */
export const medMnistFiles = (id: string, md5: Readonly<Record<Side, string>>): ExpectedFile[] => [
  {
    path: SIDES.map((side) => fileName(id, side)),
    what: 'images and labels of all three splits',
    md5: Object.fromEntries(SIDES.map((side) => [fileName(id, side), md5[side]])),
  },
];

/** The images and the raw labels of one split. */
interface MedMnistSplit {
  readonly split: string;
  readonly images: LabelledImages['images'];
  /** `[N, width]`. */
  readonly labels: number[];
}

/**
 * Opens the splits of a file: arrays of shape `[N, S, S]` or `[N, S, S, 3]`, and labels `[N, width]`.
 * @throws MedbenchError('data') naming the file, if a shape is wrong.
 */
async function openSplits(file: string, { cacheRoot }: DataContext, width: number): Promise<MedMnistSplit[]> {
  const arrays = await readNpz(
    file,
    SPLITS.map((split) => `${split}_labels`),
  );
  const cacheFolder = join(cacheRoot, 'unpacked');
  const images = await Promise.all(SPLITS.map((split) => openNpzRows(file, `${split}_images`, { cacheFolder })));
  // Splits are checked in a fixed order, not as they finish opening, so a bad file always gets the same message.
  return SPLITS.map((split, i) => checkSplit(file, split, images[i]!, arrays[`${split}_labels`]!, width));
}

function checkSplit(
  file: string,
  split: string,
  images: Pick<ByteRows, 'shape' | 'rows'>,
  labels: NpyArray,
  columns: number,
): MedMnistSplit {
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  const grey = images.shape.length === 3;
  if (![3, 4].includes(images.shape.length) || (!grey && channels !== 3) || labels.shape[0] !== count) {
    throw new MedbenchError(
      'data',
      `${file}: ${split}_images has shape [${images.shape.join(', ')}] and ${split}_labels [${labels.shape.join(', ')}]; ` +
        `expected uint8 [N, S, S] or [N, S, S, 3], and [N, ${columns}]`,
      { hint: 'Download the file again.' },
    );
  }
  const values = Array.from(labels.data as Uint8Array, Number);
  if (values.length !== count * columns) {
    const each = columns === 1 ? '' : ` of ${columns} each`;
    throw new MedbenchError('data', `${file}: ${split}_labels has ${values.length} labels for ${count} images${each}`);
  }
  return {
    split,
    labels: values,
    images: {
      length: count,
      get: async (i) => ({ width, height, channels: grey ? 1 : 3, data: await images.rows(i, 1) }),
    },
  };
}

/** The images of a split whose labels can be used, and what readers of a result must know about the others. */
interface CheckedSplit {
  readonly images: LabelledImages['images'];
  readonly labels: Int32Array;
  readonly notes: readonly string[];
}

/**
 * Checks the labels of a split, `width` of each image. Under `skipBad`, images with another label are reported and left
 * out.
 * @throws MedbenchError('data') naming the file and the rows, if a label is not one of 0 to `classes` - 1: beyond them, a
 * fraction, or NaN, which stands for an image without a label.
 */
function checkLabels(
  file: string,
  { split, labels, images }: MedMnistSplit,
  classes: number,
  width: number,
  { skipBad, skip }: DataContext,
): CheckedSplit {
  const valid = (label: number): boolean => Number.isInteger(label) && label >= 0 && label < classes;
  const rows = Array.from({ length: images.length }, (_, i) => labels.slice(i * width, (i + 1) * width));
  const bad = rows.flatMap((row, i) => (row.every(valid) ? [] : [i]));
  if (bad.length === 0) return { images, labels: Int32Array.from(labels), notes: [] };
  const describe = (row: number): string =>
    `${file}: row ${row} of ${split}_labels holds ${rows[row]!.find((label) => !valid(label))}, ` +
    `which is not one of 0 to ${classes - 1}`;
  if (!skipBad) {
    const others = bad.length > 1 ? `; so do ${bad.length - 1} other rows, the next ${bad[1]}` : '';
    throw new MedbenchError('data', `${describe(bad[0]!)}${others}`, {
      hint: 'Fetch the file again, or leave images without a label out with --skip-bad.',
    });
  }
  for (const row of bad) skip(describe(row));
  const kept = Int32Array.from(rows.flatMap((row, i) => (row.every(valid) ? [i] : [])));
  return {
    images: subset(images, kept),
    labels: Int32Array.from(Array.from(kept, (i) => rows[i]!).flat()),
    notes: leftOutRowsNote(`${split} images`, kept, images),
  };
}

/** Finds the file of a data set, of the size of the settings. @throws MedbenchError('data') saying how to get it. */
async function findFile(task: object, { dataRoot, settings: { size = 'largest' } }: DataContext): Promise<string> {
  const { id } = taskInfo(task);
  const sides = SIDES.filter((side) => size === 'largest' || String(side) === size);
  const files = sides.map((side) => join(dataRoot, fileName(id, side)));
  const file = files.find((path) => existsSync(path)) ?? files.at(-1)!;
  const hint = `Put ${basename(file)} of MedMNIST there (${MEDMNIST_SOURCE}), or name its folder with --data.`;
  await requireFile(file, hint);
  return file;
}

/** A task of the MedMNIST collection: one npz file of six arrays. The study reads the 224-pixel files. */
export abstract class MedMnistTask extends ClassificationTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    return [await findFile(this, context)];
  }

  override async open(context: DataContext): Promise<ClassificationSplits> {
    const file = await findFile(this, context);
    const { classes } = taskInfo(this);
    const splits = (await openSplits(file, context, 1)).map((split) =>
      checkLabels(file, split, classes.length, 1, context),
    );
    const [train, val, test] = splits.map(({ images, labels }) => ({ images, labels }));
    return { train: train!, val: val!, test: test!, notes: splits.flatMap(({ notes }) => notes) };
  }
}

/** A task of the collection whose images may have several labels: labels of shape `[N, L]`, each 0 or 1. */
export abstract class MedMnistMultiLabelTask extends MultiLabelTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    return [await findFile(this, context)];
  }

  protected override async open(context: DataContext): Promise<OpenedMultiLabel> {
    const file = await findFile(this, context);
    const { classes } = taskInfo(this);
    const splits = (await openSplits(file, context, classes.length)).map((split) =>
      checkLabels(file, split, 2, classes.length, context),
    );
    const [train, val, test] = splits.map(({ images, labels }) => ({ images, targets: labels }));
    return { train: train!, val: val!, test: test!, notes: splits.flatMap(({ notes }) => notes) };
  }
}
