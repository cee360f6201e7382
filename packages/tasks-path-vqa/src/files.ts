import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DataContext, MedbenchError, type RasterImage, type Source } from '@medbench/core';
import { decodeImage, imageFiles } from '@medbench/data';
import type { VqaExample } from '@medbench/evaluation';
import { openParquet, pathInside, readJson, readPickle, visibleNames } from '@medbench/formats';
import { leftOutRowsNote, readRows, skipRow } from '@medbench/task-kit';

/** Names of the splits in the Hugging Face copy. */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type PathVqaSplit = (typeof SPLITS)[number];

/** The questions of one split, and the distinct images that they are about. */
export interface SplitQuestions {
  readonly examples: readonly VqaExample[];
  readonly images: Source<RasterImage>;
  /** Notes for readers of a result, such as on questions that were left out. */
  readonly notes: readonly string[];
}

/** Makes an example. A question is closed if its answer is "yes" or "no": the data set gives no question types. */
const example = (image: number, question: string, answer: string): VqaExample => ({
  image,
  question,
  answer,
  type: /^\s*(yes|no)\s*$/i.test(answer) ? 'closed' : 'open',
});

const HINT = 'Fetch the data set again, or check that it is PathVQA.';
const MEND_HINT = `${HINT} Or leave bad rows out with --skip-bad.`;

/** The Parquet files of a split, in order. @throws MedbenchError('data') naming the folder if a file is missing. */
export async function parquetFiles(folder: string, split: PathVqaSplit): Promise<string[]> {
  const names = (await visibleNames(folder)).filter(
    (name) => name.startsWith(`${split}-`) && name.endsWith('.parquet'),
  );
  if (names.length === 0) {
    throw new MedbenchError('data', `${folder} has no ${split}-*.parquet`, { hint: HINT });
  }
  const [, total] = /-of-(\d+)(?:-[0-9a-f]+)?\.parquet$/.exec(names[0]!) ?? [];
  if (total !== undefined && Number(total) !== names.length) {
    throw new MedbenchError('data', `${folder} has ${names.length} of ${Number(total)} ${split}-*.parquet`, {
      hint: HINT,
    });
  }
  return names.map((name) => join(folder, name));
}

/** Reads a split of the Hugging Face copy. Every row holds its image, so equal images are found by their hash. */
export async function fromParquet(
  folder: string,
  split: PathVqaSplit,
  context: Pick<DataContext, 'skipBad' | 'skip'>,
): Promise<SplitQuestions> {
  const table = await openParquet(await parquetFiles(folder, split), ['image', 'question', 'answer']);
  const imageIndices = new Map<string, number>();
  // For each distinct image, the first row that holds it.
  const rows: number[] = [];
  const examples: VqaExample[] = [];
  const read = async (i: number): Promise<void> => {
    const { question, answer } = await table.row(i);
    if (typeof question !== 'string' || typeof answer !== 'string') {
      throw new MedbenchError('data', `${folder}: row ${i + 1} of ${split} has no text in "question" or "answer"`, {
        hint: MEND_HINT,
      });
    }
    const { bytes } = await table.image('image', i);
    const key = createHash('sha1').update(bytes).digest('base64');
    const image = imageIndices.get(key) ?? rows.length;
    if (image === rows.length) {
      imageIndices.set(key, image);
      rows.push(i);
    }
    examples.push(example(image, question, answer));
  };
  for (let i = 0; i < table.length; i++) {
    try {
      await read(i);
    } catch (error) {
      skipRow(error, context);
    }
  }
  const get = async (i: number): Promise<RasterImage> => {
    const { bytes, name } = await table.image('image', rows[i]!);
    return decodeImage(bytes, name);
  };
  const notes = leftOutRowsNote(`${split} questions`, examples, table);
  return { examples, images: { length: rows.length, get }, notes };
}

/** Name of each split in the original data set. */
const ORIGINAL = { train: 'train', validation: 'val', test: 'test' } as const;

/** The question file of a split: the JSON file converted from the pickle if it exists, else the pickle. */
export function questionsFile(folder: string, split: PathVqaSplit): string {
  const name = ORIGINAL[split];
  const candidates = ['json', 'pkl'].map((kind) => join(folder, 'qas', name, `${name}_qa.${kind}`));
  return candidates.find((path) => existsSync(path)) ?? candidates[1]!;
}

/**
 * Reads a split of the original: a list of questions that name their images without the file extension. Repeated rows,
 * which the Hugging Face copy does not have, count once, so that both copies give the same figures.
 */
export async function fromOriginal(
  folder: string,
  split: PathVqaSplit,
  context: Pick<DataContext, 'skipBad' | 'skip'>,
): Promise<SplitQuestions> {
  const file = questionsFile(folder, split);
  const rows: unknown = file.endsWith('.pkl') ? await readPickle(file) : await readJson(file);
  if (!Array.isArray(rows)) throw new MedbenchError('data', `${file} must hold a list of questions`, { hint: HINT });
  const images = join(folder, 'images', ORIGINAL[split]);
  const imageIndices = new Map<string, number>();
  const files: string[] = [];
  const examples = readRows(rows as readonly unknown[], context, (row, i) => {
    const { image, question, answer } = Object(row) as Record<string, unknown>;
    const location = `${file}: row ${i + 1}`;
    if (typeof image !== 'string' || typeof question !== 'string' || !['string', 'number'].includes(typeof answer)) {
      throw new MedbenchError('data', `${location} has no "image", "question" or "answer"`, { hint: MEND_HINT });
    }
    const index = imageIndices.get(image) ?? files.length;
    if (index === files.length) {
      imageIndices.set(image, index);
      files.push(pathInside(images, `${image}.jpg`, location));
    }
    return example(index, question, String(answer));
  });
  const distinct = distinctQuestions(examples);
  const repeated = examples.length - distinct.length;
  const notes = [
    ...leftOutRowsNote(`${split} questions`, examples, rows),
    ...(repeated > 0
      ? [`${repeated} repeated rows of ${ORIGINAL[split]} count once, as in the Hugging Face copy`]
      : []),
  ];
  return { examples: distinct, images: imageFiles(files), notes };
}

/** The questions without those that have the image, question and answer of an earlier one. */
function distinctQuestions(examples: readonly VqaExample[]): VqaExample[] {
  const seen = new Set<string>();
  return examples.filter(({ image, question, answer }) => {
    const key = JSON.stringify([image, question, answer]);
    return !seen.has(key) && seen.add(key);
  });
}
