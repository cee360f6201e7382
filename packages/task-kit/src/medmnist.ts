import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type DataContext, type ExpectedFile, MedbenchError, type SettingSpec, type TaskInfo } from '@medbench/core';
import type { LabelledImages } from '@medbench/evaluation';
import { type ByteRows, type NpyArray, openNpzRows, readNpz, requireFile } from '@medbench/formats';
import { CLASSIFICATION, type ClassificationSplits, ClassificationTask } from './classification.js';
import { taskInfo } from './info.js';
import { CLASSIFICATION_SETTINGS } from './prompts.js';

/** Image sides in pixels: 28 in MedMNIST v2, the other sizes in MedMNIST+. The study's size comes first. */
const SIDES = [224, 128, 64, 28] as const;
type Side = (typeof SIDES)[number];

const SPLITS = ['train', 'val', 'test'] as const;

const fileName = (id: string, side: Side): string => (side === 28 ? `${id}.npz` : `${id}_${side}.npz`);

/** Address from which MedMNIST and MedMNIST+ are downloaded. */
export const MEDMNIST_SOURCE = 'https://zenodo.org/records/10519652';
/** Citation of the collection, which every task adds to the citation of its own source. */
export const MEDMNIST_CITATION = 'Yang et al. 2023, MedMNIST v2, doi:10.1038/s41597-022-01721-8';

/** The setting that selects the file size, and the settings of every classification task. */
export const MEDMNIST_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  size: {
    default: 'largest',
    description: 'side of the images in pixels: 28, 64, 128, 224, or that of the largest file found',
    choices: ['largest', '28', '64', '128', '224'],
  },
  ...CLASSIFICATION_SETTINGS,
};

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

/**
 * The expected file of a data set of the collection, in any of its sizes.
 * @param md5 Hashes of the 28- and 224-pixel files (MedMNIST 3.0.2).
 */
export const medMnistFiles = (id: string, md5: { readonly 28: string; readonly 224: string }): ExpectedFile[] => [
  {
    path: SIDES.map((side) => fileName(id, side)),
    what: 'images and labels of all three splits',
    md5: { [fileName(id, 28)]: md5[28], [fileName(id, 224)]: md5[224] },
  },
];

/**
 * The images and labels of one split: arrays of shape `[N, S, S]` or `[N, S, S, 3]`, and `[N, 1]`.
 * @throws MedbenchError('data') naming the file, if a shape or a label is wrong.
 */
function labelled(
  file: string,
  split: string,
  images: Pick<ByteRows, 'shape' | 'rows'>,
  labels: NpyArray,
  classes: number,
): LabelledImages {
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  const grey = images.shape.length === 3;
  if (![3, 4].includes(images.shape.length) || (!grey && channels !== 3) || labels.shape[0] !== count) {
    throw new MedbenchError(
      'data',
      `${file}: ${split}_images has shape [${images.shape.join(', ')}] and ${split}_labels [${labels.shape.join(', ')}]; ` +
        'expected uint8 [N, S, S] or [N, S, S, 3], and [N, 1]',
      { hint: 'Download the file again.' },
    );
  }
  const values = Int32Array.from(labels.data as Uint8Array, Number);
  const wrong = values.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined || values.length !== count) {
    throw new MedbenchError(
      'data',
      wrong === undefined
        ? `${file}: ${split}_labels has ${values.length} labels for ${count} images`
        : `${file}: ${split}_labels holds the label ${wrong}, which is not one of 0 to ${classes - 1}`,
    );
  }
  return {
    labels: values,
    images: {
      length: count,
      get: async (i) => ({ width, height, channels: grey ? 1 : 3, data: await images.rows(i, 1) }),
    },
  };
}

/** A task of the MedMNIST collection: one npz file of six arrays. The study reads the 224-pixel files. */
export abstract class MedMnistTask extends ClassificationTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    return [await this.#file(context)];
  }

  override async open(context: DataContext): Promise<ClassificationSplits> {
    const file = await this.#file(context);
    const { classes } = taskInfo(this);
    const names = SPLITS.map((split) => `${split}_labels`);
    const labels = await readNpz(file, names);
    const cacheFolder = join(context.cacheRoot, 'unpacked');
    const images = await Promise.all(SPLITS.map((split) => openNpzRows(file, `${split}_images`, { cacheFolder })));
    // Splits are checked in a fixed order, not as they finish opening, so a bad file always gets the same message.
    const [train, val, test] = SPLITS.map((split, i) =>
      labelled(file, split, images[i]!, labels[`${split}_labels`]!, classes.length),
    );
    return { train: train!, val: val!, test: test! };
  }

  async #file({ dataRoot, settings: { size = 'largest' } }: DataContext): Promise<string> {
    const { id } = taskInfo(this);
    const sides = SIDES.filter((side) => size === 'largest' || String(side) === size);
    const files = sides.map((side) => join(dataRoot, fileName(id, side)));
    const file = files.find((path) => existsSync(path)) ?? files.at(-1)!;
    const hint = `Put ${basename(file)} of MedMNIST there (${MEDMNIST_SOURCE}), or name its folder with --data.`;
    await requireFile(file, hint);
    return file;
  }
}
