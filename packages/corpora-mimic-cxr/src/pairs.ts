import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type DataContext, hashJson, MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { decodeImage } from '@medbench/data';
import { readBytes } from '@medbench/data/files';
import {
  type BadSamples,
  badList,
  type EncodedPairs,
  fingerprintFiles,
  locate,
  pairSource,
  textCounter,
} from '@medbench/formats';
import { MIMIC_CXR } from './info.js';
import { captionOfReport, type ReportPart } from './report.js';
import { type MimicSplit, readImages, readViews } from './studies.js';

export type { MimicSplit } from './studies.js';

/** Number of reports read at a time. */
const REPORTS_AT_A_TIME = 16;

/** Radiographs, each with a caption from the report of its study. */
export interface MimicPairs extends EncodedPairs {
  /** Image file, caption, study and patient (`group`) of a pair, without reading the image. */
  describe(
    index: number,
  ): Promise<{ readonly file: string; readonly caption: string; readonly study: number; readonly group: string }>;
  /** The images alone. None is replaced by another. */
  readonly images: Source<RasterImage>;
  /** SHA-256 over the images and the captions. Reads each image that has changed since it was last hashed. */
  fingerprint(): Promise<string>;
  /** Captions beyond the first of their kind. */
  readonly duplicates: number;
  /** Number of studies, including those without a usable caption. */
  readonly studies: number;
  /** Number of images left out because their report has no usable text. They are left out even without `skipBad`. */
  readonly imagesWithoutText: number;
  readonly bad: BadSamples;
}

/**
 * Opens the pairs of a split. Every report is read once here, to leave out reports without usable text and to
 * fingerprint the captions. A report is read again whenever its pair is read, so memory holds only 32 bytes per pair.
 * @throws MedbenchError('data') naming the file that is missing, never any of its text.
 */
export async function mimicPairs(context: DataContext, split: MimicSplit): Promise<MimicPairs> {
  const { dataRoot, settings, skipBad } = context;
  const [table, imageFiles, reports] = MIMIC_CXR.files;
  const imageDir = locate(dataRoot, imageFiles, MIMIC_CXR.source);
  const reportDir = locate(dataRoot, reports, MIMIC_CXR.source);
  const bad = badList(skipBad, context.skip);
  const images = await readImages(locate(dataRoot, table, MIMIC_CXR.source), split, readViews(context), bad.take);
  const captionAt = async (index: number): Promise<string> =>
    captionOfReport(await readReport(join(reportDir, images.report(index))), settings.caption as ReportPart);

  const kept = new Uint32Array(images.length);
  const hash = createHash('sha256');
  const captions = textCounter();
  let length = 0;
  let imagesWithoutText = 0;
  let studies = 0;
  // The views of a study are consecutive and share its report, which is read once for all of them.
  let previous: { readonly report: string; readonly caption: Promise<string> } | undefined;
  for (let from = 0; from < images.length; from += REPORTS_AT_A_TIME) {
    const batch = Array.from({ length: Math.min(REPORTS_AT_A_TIME, images.length - from) }, (_, i) => {
      const report = images.report(from + i);
      if (previous?.report !== report) {
        previous = { report, caption: captionAt(from + i) };
        studies++;
      }
      return previous.caption;
    });
    for (const [i, result] of (await Promise.allSettled(batch)).entries()) {
      const index = from + i;
      if (result.status === 'rejected') {
        if (!(result.reason instanceof MedbenchError)) throw result.reason;
        bad.take(result.reason);
      } else if (result.value === '') imagesWithoutText++;
      else {
        kept[length++] = index;
        captions.add(result.value);
        hash.update(`${JSON.stringify([images.image(index), result.value])}\n`);
      }
    }
  }
  const keptImage = (index: number): number => {
    if (!(index >= 0 && index < length)) throw new RangeError(`No pair ${index} among ${length}`);
    return kept[index]!;
  };
  const imageFile = (index: number): string => join(imageDir, images.image(keptImage(index)));
  const describe = async (index: number) => {
    const imageIndex = keptImage(index);
    return {
      file: imageFile(index),
      caption: await captionAt(imageIndex),
      study: images.study(imageIndex),
      group: String(images.patient(imageIndex)),
    };
  };
  const pairs = pairSource(
    length,
    async (index) => {
      const { file, caption } = await describe(index);
      return { bytes: await readBytes(file), caption, name: file };
    },
    skipBad ? bad : undefined,
  );
  const captionHash = hash.digest('hex');
  return Object.assign(pairs, {
    describe,
    images: { length, get: (index: number) => decodeImage(imageFile(index)), file: imageFile },
    async fingerprint() {
      const optional = Array.from({ length }, (_, index) => imageFile(index));
      const { cacheRoot, log } = context;
      return hashJson([captionHash, await fingerprintFiles([], { cacheRoot, log, optional })]);
    },
    duplicates: captions.duplicates(),
    ...{ studies, imagesWithoutText, bad },
  });
}

async function readReport(path: string): Promise<string> {
  try {
    return Buffer.from(await readBytes(path)).toString('utf8');
  } catch (cause) {
    throw new MedbenchError('data', `${path} is not there or cannot be read`, {
      cause,
      hint: 'Unpack mimic-cxr-reports.zip there, or leave images without a report out with --skip-bad.',
    });
  }
}
