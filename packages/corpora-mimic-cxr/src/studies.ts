import { type DataContext, MedbenchError } from '@medbench/core';
import { csvRows } from '@medbench/formats';

export type MimicSplit = 'train' | 'validate' | 'test';

/** The images of a split, packed into 28 bytes each. The images of a study are consecutive. */
export interface MimicImages {
  readonly length: number;
  /** Path of an image below `files/`. */
  image(index: number): string;
  /** Path of an image's report below `files/`. */
  report(index: number): string;
  /** Number of an image's study, as in the data set's file names. */
  study(index: number): number;
  /** Number of an image's patient. */
  patient(index: number): number;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/;
const ID_BYTES = 20;

/**
 * Reads the images of one split from the split table of MIMIC-CXR-JPG. They are sorted by study and image id.
 * @param views `first` takes only the first image of each study, by its id.
 * @param bad Takes the error of a row without a valid id, number or split, or throws it.
 * @throws MedbenchError('data') naming table and row.
 */
export async function readImages(
  table: string,
  split: MimicSplit,
  views: 'all' | 'first',
  bad: (error: MedbenchError) => void,
): Promise<MimicImages> {
  const rows: { study: number; subject: number; id: string }[] = [];
  let number = 0;
  for await (const row of csvRows(table, { columns: ['dicom_id', 'study_id', 'subject_id', 'split'] })) {
    number++;
    const { dicom_id: id = '', study_id, subject_id } = row;
    const study = parseNumber(study_id);
    const subject = parseNumber(subject_id);
    if (!ID.test(id) || study === undefined || subject === undefined || !SPLITS.includes(row.split ?? '')) {
      bad(
        new MedbenchError('data', `${table}: row ${number} is not "dicom_id, study_id, subject_id, split"`, {
          hint: 'Check that it is the split table of MIMIC-CXR-JPG, or leave bad rows out with --skip-bad.',
        }),
      );
      continue;
    }
    if (row.split === split) rows.push({ study, subject, id });
  }
  rows.sort((a, b) => a.study - b.study || (a.id < b.id ? -1 : 1));
  const kept = views === 'all' ? rows : rows.filter(({ study }, i) => study !== rows[i - 1]?.study);
  return packRows(kept);
}

/** Packs rows, so that 369,000 of them take 10 MB instead of 100. */
function packRows(
  rows: readonly { readonly study: number; readonly subject: number; readonly id: string }[],
): MimicImages {
  const studies = Uint32Array.from(rows, ({ study }) => study);
  const subjects = Uint32Array.from(rows, ({ subject }) => subject);
  const ids = Buffer.alloc(rows.length * ID_BYTES);
  for (const [i, { id }] of rows.entries()) ids.write(id.replaceAll('-', ''), i * ID_BYTES, 'hex');
  const folder = (i: number): string => {
    const subject = `p${String(subjects[i]!).padStart(8, '0')}`;
    return `${subject.slice(0, 3)}/${subject}/s${studies[i]!}`;
  };
  return {
    length: rows.length,
    study: (i) => studies[i]!,
    patient: (i) => subjects[i]!,
    report: (i) => `${folder(i)}.txt`,
    image(i) {
      const hex = ids.toString('hex', i * ID_BYTES, (i + 1) * ID_BYTES);
      return `${folder(i)}/${hex.replace(/(.{8})(?=.)/g, '$1-')}.jpg`;
    },
  };
}

const SPLITS: readonly string[] = ['train', 'validate', 'test'];

function parseNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The value of the setting `views`. */
export const readViews = ({ settings }: Pick<DataContext, 'settings'>): 'all' | 'first' =>
  settings.views === 'first' ? 'first' : 'all';
