import {
  type DataContext,
  type DataInspection,
  type EvaluationModel,
  type ImageSplits,
  measureAll,
  type OpenedCorpus,
  type RasterImage,
  type Task,
  type TaskContext,
  type TaskOutcome,
  type TestExamples,
} from '@medbench/core';
import { imageFiles } from '@medbench/data';
import type { RetrievalData } from '@medbench/evaluation';
import { fingerprintFiles } from '@medbench/formats';
import { deepGreyNotes } from './deep-grey.js';
import { isSynthetic, taskInfo } from './info.js';
import { OpenedData } from './opened.js';
import { DecodableImages, decodableGallery } from './skip-bad.js';

/** The gallery of a retrieval task, and its training split if it has one. */
export interface RetrievalSplits {
  readonly test: RetrievalData;
  /** Pairs of the training split, which `inspect` counts. */
  readonly train?: OpenedCorpus['pairs'];
  /** The k of the primary metric, if the gallery is large enough. Default 200, as in the study. */
  readonly primaryK?: number;
  readonly notes?: readonly string[];
}

/** A retrieval task over one gallery. A subclass adds its info (`@Task`) and opens the files. */
export abstract class RetrievalTask implements Task {
  readonly #decodable = new DecodableImages();
  readonly #opened = new OpenedData<RetrievalSplits>();
  readonly #complete = new OpenedData<RetrievalSplits>();

  /** Files whose content decides the results, besides the `files` of the gallery; a folder stands for all files in it. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** Opens the data set. @throws MedbenchError('data') naming the file, row or column that is missing or wrong. */
  protected abstract open(context: DataContext): Promise<RetrievalSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    const { test } = await this.#open(context);
    const { cacheRoot, log } = context;
    return fingerprintFiles(await this.files(context), { cacheRoot, log, optional: test.files ?? [] });
  }

  /** The splits as they are, with images that cannot be decoded. */
  #open(context: DataContext): Promise<RetrievalSplits> {
    return this.#complete.get(context, () => this.open(context));
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { test, primaryK = 200, notes = [] } = await this.#readable(context);
    const data: RetrievalData = { ...test, primaryK };
    const results = await measureAll(context.protocols, model, data);
    const taskNotes = [...notes, ...(taskInfo(this).caveats ?? [])];
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...taskNotes] })),
    };
  }

  /** The splits; under `skipBad`, the gallery is without images that cannot be decoded. */
  #readable(context: DataContext): Promise<RetrievalSplits> {
    return this.#opened.get(context, async () => {
      const opened = await this.#open(context);
      const { gallery, notes } = await decodableGallery(this.#decodable, opened.test, context);
      const deep = await deepGreyNotes(this, gallery.images, context);
      return { ...opened, test: gallery, notes: [...(opened.notes ?? []), ...notes, ...deep] };
    });
  }

  async examples(context: DataContext): Promise<TestExamples> {
    const { images, texts, imageOfText } = (await this.#readable(context)).test;
    return { images, texts, imageOfText };
  }

  /** The gallery alone: training pairs belong to a corpus and are searched with it. */
  async images(context: DataContext): Promise<ImageSplits> {
    const { images, groupNames } = (await this.#readable(context)).test;
    return { test: { images, groups: groupNames } };
  }

  async inspect(context: DataContext): Promise<DataInspection> {
    const { test, train, notes = [] } = await this.open(context);
    return {
      synthetic: await isSynthetic(context),
      splits: {
        ...(train ? { train: { examples: train.length } } : {}),
        test: { examples: test.texts.length, groups: test.images.length },
      },
      notes,
      examples: { test: { images: test.images, texts: test.texts } },
    };
  }
}

/**
 * Builds a gallery from pairs of an image file and a text. It names its `files`. An image with several texts occurs in the gallery once.
 * @param pairs `group` names the patient or other subject that an image shows, if the data says so.
 * @param decode Default: `decodeImage`.
 */
export async function buildGallery(
  pairs: {
    readonly length: number;
    describe(index: number): Promise<{ readonly file: string; readonly caption: string; readonly group?: string }>;
  },
  decode?: (file: string) => Promise<RasterImage>,
): Promise<RetrievalData> {
  const images = new Map<string, number>();
  const groupNames: string[] = [];
  const texts: string[] = [];
  const imageOfText = new Int32Array(pairs.length);
  for (let i = 0; i < pairs.length; i++) {
    const { file, caption, group = '' } = await pairs.describe(i);
    const index = images.get(file) ?? images.size;
    images.set(file, index);
    groupNames[index] = group;
    imageOfText[i] = index;
    texts.push(caption);
  }
  const files = [...images.keys()];
  const gallery = { files, images: imageFiles(files, decode), texts, imageOfText };
  return groupNames.some((name) => name !== '') ? { ...gallery, groupNames, groups: numberNames(groupNames) } : gallery;
}

/** A number for each distinct name. Each empty name gets a number of its own. */
function numberNames(names: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(names, (name, i) => {
    const key = name === '' ? `#${i}` : name;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
}

/** Notes on captions that occur more than once; empty if none does. */
export const duplicatesNote = (duplicates: number): readonly string[] =>
  duplicates > 0
    ? [
        `${duplicates} captions repeat an earlier caption: each counts as right for its own image alone, unless positives=same-text`,
      ]
    : [];
