import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DataContext, type DataInspection, MedbenchError, type RasterImage, Task } from '@medbench/core';
import { decodeImage, decodeOptions, GREY_WINDOW_SETTING, parseGreyWindow } from '@medbench/data';
import { decodeDicom, parsePythonList, readCsv } from '@medbench/formats';
import {
  CLASSIFICATION,
  CLASSIFICATION_SETTINGS,
  type ClassificationSplits,
  ImageTask,
  type LabelledImage,
  labelledImages,
  readRows,
} from '@medbench/task-kit';

/** Categories of findings in the study's label order. */
const FINDINGS = [
  'Mass',
  'Suspicious Calcification',
  'Asymmetry',
  'Focal Asymmetry',
  'Global Asymmetry',
  'Architectural Distortion',
  'Skin Thickening',
  'Skin Retraction',
  'Nipple Retraction',
  'Suspicious Lymph Node',
];
const COLUMNS = ['image_id', 'study_id', 'finding_categories', 'split'];

const PUBLISHED_IMAGES = { training: 16_000, test: 4_000 } as const;

/** Ten findings on mammograms. An example is a table row with one finding, so an image may occur more than once. */
@Task({
  id: 'vindr-mammo',
  title: 'VinDr-Mammo findings',
  ...CLASSIFICATION,
  // The study's scripts run it, and its later list of tasks leaves it out.
  presets: [],
  version: 1,
  modality: 'radiology',
  classes: FINDINGS,
  phrases: [
    'a mass',
    'suspicious calcification',
    'an asymmetry',
    'a focal asymmetry',
    'a global asymmetry',
    'architectural distortion',
    'skin thickening',
    'skin retraction',
    'nipple retraction',
    'a suspicious lymph node',
  ],
  templates: [
    'screening mammogram with {}.',
    'full-field digital mammography, {}.',
    'breast X-ray showing {}.',
    "radiologist's finding on this mammogram: {}.",
  ],
  splits: { train: PUBLISHED_IMAGES.training, val: 0, test: PUBLISHED_IMAGES.test },
  counted: 'images; the examples are the table rows with exactly one finding',
  licence: 'PhysioNet Restricted Health Data License 1.5.0',
  access: 'agreement',
  citation: 'Nguyen et al. 2023, doi:10.1038/s41597-023-02100-7',
  source: 'https://physionet.org/content/vindr-mammo/1.0.0 (sign the data use agreement)',
  files: [
    { path: 'vindr-mammo/finding_annotations.csv', what: 'findings and split of each image' },
    {
      path: ['vindr-mammo/images/', 'vindr-mammo/Processed_Images/'],
      what: '20,000 mammograms, one folder for each study, as DICOM files or PNG files converted from them',
    },
  ],
  settings: {
    labels: {
      default: 'findings',
      description:
        "findings: leave rows without a finding out; study: label them as class 0, a mass, as the study's code does",
      choices: ['findings', 'study'],
    },
    window: GREY_WINDOW_SETTING,
    ...CLASSIFICATION_SETTINGS,
  },
  caveats: [
    'rows without a finding (unless labels=study) and rows with several findings are left out',
    'the findings differ much in frequency: read balanced accuracy as well as accuracy',
  ],
})
export class VindrMammo extends ImageTask {
  override async inspect(context: DataContext): Promise<DataInspection> {
    const inspection = await super.inspect(context);
    const [table] = await this.files(context);
    return { ...inspection, differences: await countImages(table!) };
  }

  protected override async read(paths: readonly string[], context: DataContext): Promise<ClassificationSplits> {
    const [table, images] = paths as [string, string];
    const rows = await readCsv(table, { columns: COLUMNS });
    const decode = decoder(context);
    const splits: Record<string, LabelledImage[]> = { training: [], test: [] };
    const omitted = { none: 0, several: 0 };
    const asStudy = context.settings.labels === 'study';
    let unfound = 0;
    readRows(rows, context, ({ image_id = '', study_id = '', finding_categories = '', split = '' }, i) => {
      const location = `${table}: row ${i + 1}`;
      const findings = parsePythonList(finding_categories, location);
      if (findings.length !== 1) {
        omitted.several++;
        return;
      }
      const none = findings[0] === 'No Finding';
      if (none && !asStudy) {
        omitted.none++;
        return;
      }
      if (none) unfound++;
      const label = none ? 0 : FINDINGS.indexOf(findings[0]!);
      const examples = splits[split];
      // The table is under an agreement, so messages name its rows but do not quote them.
      if (label < 0) throw unknown(location, 'finding_categories', FINDINGS);
      if (examples === undefined) throw unknown(location, 'split', Object.keys(splits));
      examples.push({ file: findImageFile(images, study_id, image_id, location), label, group: study_id });
    });
    return {
      train: labelledImages(splits.training!, decode),
      test: labelledImages(splits.test!, decode),
      notes: [
        `left out: ${omitted.none} rows without a finding, ${omitted.several} with several`,
        ...(asStudy ? [`${unfound} rows without a finding count as "${FINDINGS[0]}", as in the study's code`] : []),
      ],
    };
  }
}

/** Compares the numbers of different images in the table with the published ones. */
async function countImages(table: string): Promise<string[]> {
  const images: Record<string, Set<string>> = { training: new Set(), test: new Set() };
  for (const { image_id = '', split = '' } of await readCsv(table, { columns: COLUMNS })) images[split]?.add(image_id);
  return Object.entries(PUBLISHED_IMAGES).flatMap(([split, published]) => {
    const { size } = images[split]!;
    return size === published ? [] : [`${split}: ${size} images in the table, published ${published}`];
  });
}

const unknown = (location: string, column: string, allowed: readonly string[]): MedbenchError =>
  new MedbenchError('data', `${location} has a value in "${column}" that is none of ${allowed.join(', ')}`, {
    hint: 'Check that this is the table of VinDr-Mammo 1.0.0.',
  });

function findImageFile(images: string, study: string, image: string, location: string): string {
  const files = ['dicom', 'dcm', 'png'].map((extension) => join(images, study, `${image}.${extension}`));
  const file = files.find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new MedbenchError('data', `${location} names an image that is not there: ${files[0]}`, {
    hint: 'Fetch all studies, or leave bad rows out with --skip-bad.',
  });
}

/** Decodes PNG files by the window of the settings. A DICOM file says its own. */
function decoder({ settings }: DataContext): (file: string) => Promise<RasterImage> {
  const options = decodeOptions({ window: parseGreyWindow(settings.window, 'taskSettings.vindr-mammo.window') });
  return (file) => (file.endsWith('.png') ? decodeImage(file, undefined, options) : decodeDicom(file));
}
