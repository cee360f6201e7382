import {
  type DataContext,
  type DataInspection,
  type EvaluationModel,
  type ImageSplits,
  measureAll,
  type OpenedCorpus,
  type Task,
  type TaskContext,
  type TaskOutcome,
  type TestExamples,
} from '@medbench/core';
import { decodeImage } from '@medbench/data';
import type { RetrievalData } from '@medbench/evaluation';
import { fingerprintFiles } from '@medbench/formats';
import { isSynthetic, taskInfo } from './info.js';
import { GoodImages, goodGallery } from './skip-bad.js';

/** The gallery of a retrieval task, and where there is one its training split. */
export interface RetrievalSplits {
  readonly test: RetrievalData;
  /** Pairs to train on, for labs without a corpus. */
  readonly train?: OpenedCorpus['pairs'];
  /** The k of the primary metric, where the gallery is large enough. Default 200, the study's. */
  readonly primaryK?: number;
  readonly notes?: readonly string[];
}

/** A retrieval task over one gallery, but for its info (`@Task`) and how its files are opened. */
export abstract class RetrievalTask implements Task {
  readonly #decodable = new GoodImages();

  /** Files, and folders for all files in them, whose content decides the numbers. */
  protected abstract files(context: DataContext): Promise<readonly string[]>;
  /** @throws MedbenchError('data') naming the file, row or column that is missing or wrong. */
  protected abstract open(context: DataContext): Promise<RetrievalSplits>;

  async fingerprint(context: DataContext): Promise<string> {
    return fingerprintFiles(await this.files(context));
  }

  async evaluate(model: EvaluationModel, context: TaskContext): Promise<TaskOutcome> {
    const { test: all, primaryK = 200, notes = [] } = await this.open(context);
    const { gallery: test, notes: left } = await goodGallery(this.#decodable, all, context);
    const data: RetrievalData = { ...test, primaryK };
    const results = await measureAll(context.protocols, model, data);
    const said = [...notes, ...left, ...(taskInfo(this).caveats ?? [])];
    return {
      synthetic: await isSynthetic(context),
      results: results.map((result) => ({ ...result, notes: [...(result.notes ?? []), ...said] })),
    };
  }

  async examples(context: DataContext): Promise<TestExamples> {
    const { gallery } = await goodGallery(this.#decodable, (await this.open(context)).test, context);
    const { images, texts, imageOfText } = gallery;
    return { images, texts, imageOfText };
  }

  /** The gallery alone: training pairs are the corpus's, and searched as that. */
  async images(context: DataContext): Promise<ImageSplits> {
    const { gallery } = await goodGallery(this.#decodable, (await this.open(context)).test, context);
    return { test: { images: gallery.images, groups: gallery.groupNames } };
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
    };
  }
}

/**
 * Texts of a gallery are given by the file of their image; an image with several texts is in it once.
 * @param pairs `group` names whom an image shows, such as a patient, where the data says so.
 */
export async function buildGallery(pairs: {
  readonly length: number;
  describe(index: number): Promise<{ readonly file: string; readonly caption: string; readonly group?: string }>;
}): Promise<RetrievalData> {
  const images = new Map<string, number>();
  const groupNames: string[] = [];
  const texts: string[] = [];
  const imageOfText = new Int32Array(pairs.length);
  for (let i = 0; i < pairs.length; i++) {
    const { file, caption, group = '' } = await pairs.describe(i);
    const known = images.get(file) ?? images.size;
    images.set(file, known);
    groupNames[known] = group;
    imageOfText[i] = known;
    texts.push(caption);
  }
  const files = [...images.keys()];
  const gallery = { images: { length: files.length, get: (i: number) => decodeImage(files[i]!) }, texts, imageOfText };
  return groupNames.some((name) => name !== '') ? { ...gallery, groupNames, groups: numbered(groupNames) } : gallery;
}

/** A number for each name; images of nobody named are each their own. */
function numbered(names: readonly string[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(names, (name, i) => {
    const key = name === '' ? `#${i}` : name;
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key)!;
  });
}

/** What a reader must know of captions that occur more than once. */
export const duplicatesNote = (duplicates: number): readonly string[] =>
  duplicates > 0 ? [`${duplicates} captions occur before: each counts as right for its own image alone`] : [];
