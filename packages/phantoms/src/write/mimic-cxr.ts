import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeJpeg } from '@medbench/data';
import { type PhantomCase, streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import { writeImages } from './images.js';
import { csvText } from './labelled.js';

interface View {
  readonly subject: number;
  readonly study: number;
  readonly id: string;
  readonly split: 'train' | 'validate' | 'test';
  readonly example: PhantomCase;
}

/**
 * Writes chest radiographs (`mimic-cxr/files/p10/p10000001/s50000001/*.jpg`), the reports beside the studies' folders
 * and the split table below `folder`. Every third study has two views. A patient has up to two studies, in one split.
 * Reports have the sections of real ones: findings and impression, only findings, only impression, or neither.
 */
export async function writeMimicCxr(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const { train, test } = counts.corpora;
  const validate = Math.ceil(test / 4);
  const files = join(folder, 'mimic-cxr', 'files');
  const views: View[] = [];
  const reports: { readonly path: string; readonly text: string }[] = [];
  for (const [split, count] of [
    ['train', train],
    ['validate', validate],
    ['test', test],
  ] as const) {
    const end = views.length + count;
    for (let i = 0; views.length < end; i++) {
      const study = 50_000_000 + reports.length;
      // The two studies of a patient are consecutive; a new split begins with a new patient.
      const subject = 10_000_000 + 1000 * ['train', 'validate', 'test'].indexOf(split) + Math.floor(i / 2);
      const phantom = streamCase(seed, `mimic-cxr-${split}`, i, 'radiology');
      const secondView = streamCase(seed, `mimic-cxr-${split}-view`, i, 'radiology', phantom.factors);
      for (const [view, example] of (i % 3 === 0 ? [phantom, secondView] : [phantom]).entries()) {
        if (views.length === end) break;
        views.push({ subject, study, id: imageId(seed, study, view), split, example });
      }
      reports.push({
        path: `${studyFolder(subject, study)}.txt`,
        text: composeReport(phantom.caption, secondView.caption, i),
      });
    }
  }
  await Promise.all(
    [...new Set(views.map(({ subject, study }) => studyFolder(subject, study)))].map((dir) =>
      mkdir(join(files, dir), { recursive: true }),
    ),
  );
  await writeImages(
    views.length,
    (i) => {
      const { subject, study, id, example } = views[i]!;
      return { path: join(files, studyFolder(subject, study), `${id}.jpg`), image: example.render(size) };
    },
    (image) => encodeJpeg(image, 92),
  );
  for (const { path, text } of reports) {
    await mkdir(join(files, dirname(path)), { recursive: true });
    await writeFile(join(files, path), text);
  }
  const rows = views.map(({ id, study, subject, split }) => [id, study, subject, split]);
  const table = csvText([['dicom_id', 'study_id', 'subject_id', 'split'], ...rows]);
  await writeFile(join(folder, 'mimic-cxr', 'mimic-cxr-2.0.0-split.csv.gz'), gzipSync(table));
}

const studyFolder = (subject: number, study: number): string => `p${String(subject).slice(0, 2)}/p${subject}/s${study}`;

/** An image id: five groups of eight hexadecimal digits. */
function imageId(seed: number, study: number, view: number): string {
  const hex = createHash('sha256').update(`${seed}/${study}/${view}`).digest('hex').slice(0, 40);
  return hex.match(/.{8}/g)!.join('-');
}

function composeReport(finding: string, impression: string, index: number): string {
  const wrapped = (text: string): string => text.replace(/(.{1,60})(?:\s+|$)/g, ' $1\n');
  const title = `${' '.repeat(33)}FINAL REPORT\n`;
  const indication = ' EXAMINATION:  CHEST (PA AND LAT)\n \n INDICATION:  ___ with cough.  // generated phantom\n \n';
  const findingsSection = ` FINDINGS: \n \n${wrapped(finding)} \n`;
  const impressionSection = ` IMPRESSION: \n \n${wrapped(impression)}`;
  // Of eight reports, one has a paragraph without headings, one has only findings and one has only an impression.
  if (index % 8 === 5) return `${title} CHEST RADIOGRAPH\n \n${wrapped(`${finding} ${impression}`)}`;
  if (index % 8 === 6) return `${title}${indication}${findingsSection}`;
  if (index % 8 === 7) return `${title}${indication}${impressionSection}`;
  return `${title}${indication}${findingsSection}${impressionSection}`;
}
