import type { EvaluationModel, RasterImage, Source, TaskResult } from '@medbench/core';
import { MedbenchError, NO_PROFILE } from '@medbench/core';
import { checkVectors, takeRows } from '../numerics/matrix.js';
import { recallCurve } from '../retrieval/curve.js';
import { retrievalRanks } from '../retrieval/ranks.js';
import { sampledRetrieval } from '../retrieval/sampled.js';
import { summarizeRetrieval } from '../retrieval/summary.js';
import { type MeasureOptions, RETRIEVAL_SETTINGS, type RetrievalSettings, withDefaults } from './settings.js';
import { requireTestSplit } from './validation.js';

/** Data that tasks of kind `retrieval` give to their protocols. */
export interface RetrievalData {
  readonly images: Source<RasterImage>;
  /** Files of the images, if each is a file of its own. */
  readonly files?: readonly string[];
  readonly texts: readonly string[];
  /** Index of the image that each text describes. */
  readonly imageOfText: Int32Array;
  /** Group of each image, such as its patient. Intervals and tests keep groups whole. */
  readonly groups?: Int32Array | undefined;
  /** Name of each image's group, the same in all splits and corpora; `''` if the group is unknown. */
  readonly groupNames?: readonly string[] | undefined;
  /** The k of the primary metric, if the gallery is large enough. Default 200. */
  readonly primaryK?: number;
}

/**
 * Measures retrieval in both directions over the whole split. The primary metric is `mean_recall@200` (or
 * `mean_recall@k` with k = `primaryK`), and `mean_recall@10` if the split is smaller.
 *
 * `perExample` holds one score per image: the mean of the image's own hit and the mean hit of its texts (0, ½ or 1 if
 * the image has one text).
 *
 * @returns undefined if the model has no joint space.
 * @throws MedbenchError if there is no pair, indices do not fit, or an embedding is not finite.
 */
export async function measureRetrieval(
  model: EvaluationModel,
  data: RetrievalData,
  options: MeasureOptions<RetrievalSettings>,
): Promise<TaskResult | undefined> {
  if (!model.can.joint) return undefined;
  requireTestSplit(options, 'retrieval');
  const { images, texts, imageOfText, primaryK: wantedK = 200 } = data;
  if (images.length === 0 || texts.length === 0)
    throw new MedbenchError('data', 'the test split has no image-text pair');
  const u = checkVectors(await model.embedImages(images, 'test'), images.length, 'image embeddings', model.id);
  const w = checkVectors(await model.embedTexts(texts, 'captions'), texts.length, 'text embeddings', model.id);
  const { positives } = withDefaults<RetrievalSettings>(RETRIEVAL_SETTINGS, options.settings);
  const alike = positives === 'same-text' ? sameTexts(texts) : undefined;
  const { seed, backend, profile = NO_PROFILE } = options;
  const rows = alike ? takeRows(w, alike.first) : w;
  const ranks = await retrievalRanks(u, rows, imageOfText, { backend, rowOfText: alike?.rowOfText });
  const { metrics, primaryK, perImage, imagesWithText } = profile.span('statistics', () =>
    summarizeRetrieval(ranks, imageOfText, { seed, groups: data.groups, primaryK: wantedK }),
  );
  const gallery = Math.min(images.length, texts.length);
  const notes = [
    `${images.length} images, ${texts.length} texts; recall@${primaryK} by chance about ${chance(primaryK, gallery)}`,
  ];
  if (alike) notes.push(`texts that read the same count as one: ${alike.first.length} remain`);
  if (primaryK !== wantedK) {
    notes.push(`the gallery of ${gallery} is smaller than ${wantedK}: recall@${primaryK} is primary`);
  }
  return {
    protocol: 'retrieval',
    metric: `mean_recall@${primaryK}`,
    metrics,
    n: perImage.length,
    retrieval: recallCurve(ranks),
    sampled: sampledRetrieval(u, rows, ranks, { imageOfText, ...alike }),
    perExample: perImage,
    ...(data.groups ? { groups: Array.from(imagesWithText, (image) => data.groups![image]!) } : {}),
    notes,
  };
}

/**
 * Merges texts that read the same, apart from blanks and case.
 * @returns the index of the first text of each merged row, and the row of each text.
 */
function sameTexts(texts: readonly string[]): { readonly first: Int32Array; readonly rowOfText: Int32Array } {
  const rows = new Map<string, number>();
  const first: number[] = [];
  const rowOfText = Int32Array.from(texts, (text, t) => {
    const key = text.trim().replace(/\s+/g, ' ').toLowerCase();
    if (!rows.has(key)) {
      rows.set(key, rows.size);
      first.push(t);
    }
    return rows.get(key)!;
  });
  return { first: Int32Array.from(first), rowOfText };
}

function chance(k: number, gallery: number): string {
  return `${((100 * k) / gallery).toFixed(1)} %`;
}
