import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataContext, MedbenchError, type PairSource } from '@medbench/core';
import { readBytes } from '@medbench/data/files';
import { type BadSamples, badList, locate, pairSource, textCounter } from '@medbench/formats';
import { MIMIC_CXR } from './info.js';
import { captionOfReport, type ReportPart } from './report.js';
import { type MimicSplit, readImages, readViews } from './studies.js';

export type { MimicSplit } from './studies.js';

/** Reports read at a time. */
const AT_A_TIME = 16;

/** Radiographs with what their study's report says. */
export interface MimicPairs extends Required<PairSource> {
  /** File of a pair's image, its caption, its study and its patient (`group`), without reading the image. */
  describe(
    index: number,
  ): Promise<{ readonly file: string; readonly caption: string; readonly study: number; readonly group: string }>;
  /** SHA-256 over the images' names and the captions. */
  readonly fingerprint: string;
  /** Captions beyond the first of their kind. */
  readonly duplicates: number;
  readonly studies: number;
  /** Images whose report says nothing: they are left out always. */
  readonly silent: number;
  readonly bad: BadSamples;
}

/**
 * The pairs of a split. Every report is read once here, to leave out those that say nothing and to know whether the
 * texts are still the same; then a report is read again with its image, and memory takes 36 bytes a pair.
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
  let silent = 0;
  let studies = 0;
  // Views of a study stand together and share its report, which is read once.
  let known: { readonly report: string; readonly caption: Promise<string> } | undefined;
  for (let from = 0; from < images.length; from += AT_A_TIME) {
    const some = Array.from({ length: Math.min(AT_A_TIME, images.length - from) }, (_, i) => {
      const report = images.report(from + i);
      if (known?.report !== report) {
        known = { report, caption: captionAt(from + i) };
        studies++;
      }
      return known.caption;
    });
    for (const [i, result] of (await Promise.allSettled(some)).entries()) {
      const index = from + i;
      if (result.status === 'rejected') {
        if (!(result.reason instanceof MedbenchError)) throw result.reason;
        bad.take(result.reason);
      } else if (result.value === '') silent++;
      else {
        kept[length++] = index;
        captions.add(result.value);
        hash.update(`${JSON.stringify([images.image(index), result.value])}\n`);
      }
    }
  }
  const describe = async (index: number) => {
    if (!(index >= 0 && index < length)) throw new RangeError(`No pair ${index} among ${length}`);
    const at = kept[index]!;
    return {
      file: join(imageDir, images.image(at)),
      caption: await captionAt(at),
      study: images.study(at),
      group: String(images.patient(at)),
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
  return Object.assign(pairs, {
    describe,
    fingerprint: hash.digest('hex'),
    duplicates: captions.duplicates(),
    ...{ studies, silent, bad },
  });
}

async function readReport(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new MedbenchError('data', `${path} is not there or cannot be read`, {
      cause,
      hint: 'Unpack mimic-cxr-reports.zip there, or leave images without a report out with --skip-bad.',
    });
  }
}
