import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type DataContext, MedbenchError, type TaskInfo } from '@medbench/core';
import { readCsv } from '@medbench/formats';
import { CLASSIFICATION, type ClassificationSplits } from './classification.js';
import { ImageTask, imagesByClass, type LabelledImage, splitImages } from './images.js';
import { CLASSIFICATION_SETTINGS, TEMPLATES } from './prompts.js';

/** Number of original images of each organ, and its classes in label order: folder, class name and prompt phrase. */
const ORGANS = {
  lung: {
    originals: 750,
    classes: [
      ['lung_n', 'benign', 'benign lung tissue'],
      ['lung_aca', 'adenocarcinoma', 'lung adenocarcinoma'],
      ['lung_scc', 'squamous cell carcinoma', 'lung squamous cell carcinoma'],
    ],
  },
  colon: {
    originals: 500,
    classes: [
      ['colon_n', 'benign', 'benign colon tissue'],
      ['colon_aca', 'adenocarcinoma', 'colon adenocarcinoma'],
    ],
  },
} as const;

/** The info of one half of LC25000, without id, title and splits. */
export function lc25000Info(organ: keyof typeof ORGANS) {
  const { originals, classes } = ORGANS[organ];
  return {
    ...CLASSIFICATION,
    version: 1,
    modality: 'histopathology',
    classes: classes.map(([, name]) => name),
    phrases: classes.map(([, , phrase]) => phrase),
    templates: TEMPLATES.histology,
    classCounts: { all: classes.map(() => 5000) },
    licence: 'free to use, no clear licence',
    access: 'open',
    citation: 'Borkowski et al. 2019, arXiv:1912.12142',
    source: 'https://github.com/tampapath/lung_colon_image_set',
    files: classes.map(([folder, , phrase]) => ({
      path: `lc25000/lung_colon_image_set/${organ}_image_sets/${folder}/`,
      what: `5,000 images of ${phrase}`,
    })),
    settings: {
      split: {
        default: 'paper-like',
        choices: ['paper-like', 'grouped'],
        description:
          'paper-like: 20 % of the images are held out, image by image, as in the study; grouped: no original is in both splits, by the groups of LC25000-clean',
      },
      ...CLASSIFICATION_SETTINGS,
    },
    caveats: [
      `the images are rotated and flipped copies of about ${originals} originals: unless split=grouped, copies of one original are in both the training and the test split, so the linear probe is near its ceiling`,
      'the data set has no published split: medbench holds out 20 % of the images',
    ],
  } as const satisfies Partial<TaskInfo>;
}

/** Where the groups are published, and which of its files are read. */
const GROUPS_HINT =
  'Put lc25000_image_groups.csv of https://github.com/GeorgeBatch/LC25000-clean into lc25000/, or its folder annotations/.';

/** A task on one half of LC25000. Its info names one folder for each class. */
export abstract class Lc25000Task extends ImageTask {
  protected override async files(context: DataContext): Promise<readonly string[]> {
    const files = await super.files(context);
    if (context.settings.split !== 'grouped') return files;
    return [...files, ...groupTables(context, await this.imageFolders(context))];
  }

  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const images = await imagesByClass(paths);
    const tables = groupTables(context, paths);
    if (context.settings.split !== 'grouped') {
      const { train, test } = splitImages(images, 0.2, 'image', 'paper-like');
      return { train, test };
    }
    if (tables.length === 0) {
      throw new MedbenchError('data', 'split=grouped needs the groups of LC25000-clean, which are not there', {
        hint: GROUPS_HINT,
      });
    }
    return splitImages(await withGroups(images, tables), 0.2, 'original', 'grouped');
  }
}

/** The tables of groups: one for all classes, or that of each class. Empty if one is missing. */
function groupTables({ dataRoot }: DataContext, folders: readonly string[]): string[] {
  const base = join(dataRoot, 'lc25000');
  const whole = ['', 'kaggle'].map((folder) => join(base, folder, 'lc25000_image_groups.csv')).find(existsSync);
  if (whole) return [whole];
  const each = folders.map((folder) =>
    join(base, 'annotations', basename(folder), 'UNI', 'resize_only', 'final_clusters.csv'),
  );
  return each.every((table) => existsSync(table)) ? each : [];
}

/** Adds the group of each image. @throws MedbenchError('data') naming an image without one. */
async function withGroups(images: readonly LabelledImage[], tables: readonly string[]): Promise<LabelledImage[]> {
  const groups = new Map<string, string>();
  for (const table of tables) {
    if (table.endsWith('final_clusters.csv')) {
      const folder = basename(dirname(dirname(dirname(table))));
      for (const { cluster_label = '', img_path = '' } of await readCsv(table, {
        columns: ['cluster_label', 'img_path'],
      })) {
        groups.set(basename(img_path), `${folder} ${cluster_label}`);
      }
    } else {
      for (const { filename = '', group_id = '' } of await readCsv(table, { columns: ['filename', 'group_id'] })) {
        groups.set(filename, group_id);
      }
    }
  }
  return images.map((image) => {
    const group = groups.get(basename(image.file));
    if (group !== undefined) return { ...image, group };
    throw new MedbenchError('data', `${tables[0]} does not name the group of ${basename(image.file)}`, {
      hint: GROUPS_HINT,
    });
  });
}
