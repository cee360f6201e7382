import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DataContext, MedbenchError } from '@medbench/core';
import { readJson, requireFile } from '@medbench/formats';
import { leftOutRowsNote, readRows } from '@medbench/task-kit';

/** One row of `trainset.json` or `testset.json` (the 3,064/451 split of MEVF and the work following it). */
export interface VqaRadQuestion {
  readonly qid: number;
  readonly imageFile: string;
  readonly question: string;
  readonly answer: string;
  readonly type: 'open' | 'closed';
}

const HINT =
  'Put trainset.json, testset.json and images/ of VQA-RAD there (data_RAD of github.com/aioz-ai/MICCAI19-MedVQA), or name the folder with --data.';

/** The questions in the form of osf.io. */
const PUBLIC = 'VQA_RAD Dataset Public.json';
const PUBLIC_HINT = `${PUBLIC} has 2,248 questions and not the 3,064 that MEVF and the work following it train on. ${HINT}`;

const MEND_HINT = 'Mend the row, or leave bad rows out with --skip-bad.';

export const vqaRadFolder = (dataRoot: string): string => join(dataRoot, 'vqa-rad');
export const questionTable = (dataRoot: string, split: 'train' | 'test'): string =>
  join(vqaRadFolder(dataRoot), `${split}set.json`);

/** The folder of the images: `images`, or that of osf.io. */
const imageFolder = (dataRoot: string): string => {
  const folders = ['images', 'VQA_RAD Image Folder'].map((name) => join(vqaRadFolder(dataRoot), name));
  return folders.find((folder) => existsSync(folder)) ?? folders[0]!;
};

/** The questions of one split. */
export interface VqaRadSplit {
  readonly questions: readonly VqaRadQuestion[];
  /** Notes for readers of a result, such as on questions that were left out. */
  readonly notes: readonly string[];
}

/**
 * Reads the questions of one split. Ten training answers are JSON integers and two answer types carry a trailing blank.
 * Under `skipBad`, questions that are not complete or whose image is missing are reported and left out.
 * @throws MedbenchError('data') naming the file, row and field, or the missing image.
 */
export async function readQuestions(context: DataContext, split: 'train' | 'test'): Promise<VqaRadSplit> {
  const { dataRoot } = context;
  const table = questionTable(dataRoot, split);
  await requireFile(table, existsSync(join(vqaRadFolder(dataRoot), PUBLIC)) ? PUBLIC_HINT : HINT);
  const folder = imageFolder(dataRoot);
  const rows = await readJson(table);
  if (!Array.isArray(rows)) throw new MedbenchError('data', `${table} must hold a list of questions`, { hint: HINT });
  const questions = readRows(rows as readonly unknown[], context, (row, index) => {
    const field = (name: string): string => {
      const value = (row as Readonly<Record<string, unknown>> | null)?.[name];
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw new MedbenchError('data', `${table}: row ${index} has no "${name}"`, { hint: MEND_HINT });
      }
      return String(value);
    };
    const imageFile = join(folder, field('image_name'));
    if (!existsSync(imageFile)) {
      throw new MedbenchError('data', `${imageFile} is not there; row ${index} of ${table} names it`, {
        hint: `${HINT} Or leave its questions out with --skip-bad.`,
      });
    }
    const type = field('answer_type').trim().toUpperCase();
    if (type !== 'OPEN' && type !== 'CLOSED') {
      throw new MedbenchError('data', `${table}: row ${index} has the answer type "${type}", expected OPEN or CLOSED`, {
        hint: MEND_HINT,
      });
    }
    return {
      qid: Number(field('qid')),
      imageFile,
      question: field('question'),
      answer: field('answer'),
      type: type === 'OPEN' ? ('open' as const) : ('closed' as const),
    };
  });
  return { questions, notes: leftOutRowsNote(`${split === 'train' ? 'training' : 'test'} questions`, questions, rows) };
}

/** The files of the distinct images that the questions are about, sorted by name. */
export const listImages = (questions: readonly VqaRadQuestion[]): string[] =>
  [...new Set(questions.map(({ imageFile }) => imageFile))].sort();
