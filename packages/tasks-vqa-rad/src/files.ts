import { join } from 'node:path';
import { MedbenchError } from '@medbench/core';
import { readJson, requireFile } from '@medbench/formats';

/** One row of `trainset.json` or `testset.json` (the 3,064/451 split of MEVF and the work following it). */
export interface VqaRadQuestion {
  readonly qid: number;
  readonly imageFile: string;
  readonly question: string;
  readonly answer: string;
  readonly type: 'open' | 'closed';
}

const HINT =
  'Put trainset.json, testset.json and images/ of VQA-RAD (osf.io/89kps) there, or name the folder with --data.';

export const vqaRadFolder = (dataRoot: string): string => join(dataRoot, 'vqa-rad');
export const questionTable = (dataRoot: string, split: 'train' | 'test'): string =>
  join(vqaRadFolder(dataRoot), `${split}set.json`);

/**
 * Reads the questions of one split. Ten training answers are JSON integers and two answer types carry a trailing blank.
 * @throws MedbenchError('data') naming the file, row and field, or the missing image.
 */
export async function readQuestions(dataRoot: string, split: 'train' | 'test'): Promise<VqaRadQuestion[]> {
  const table = questionTable(dataRoot, split);
  await requireFile(table, HINT);
  const rows = await readJson(table);
  if (!Array.isArray(rows)) throw new MedbenchError('data', `${table} must hold a list of questions`, { hint: HINT });
  const checked = new Set<string>();
  const questions: VqaRadQuestion[] = [];
  for (const [index, row] of rows.entries() as Iterable<[number, Record<string, unknown>]>) {
    const field = (name: string): string => {
      const value = row?.[name];
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw new MedbenchError('data', `${table}: row ${index} has no "${name}"`, { hint: HINT });
      }
      return String(value);
    };
    const imageFile = join(vqaRadFolder(dataRoot), 'images', field('image_name'));
    if (!checked.has(imageFile)) {
      await requireFile(imageFile, `It is named in row ${index} of ${table}. ${HINT}`);
      checked.add(imageFile);
    }
    const type = field('answer_type').trim().toUpperCase();
    if (type !== 'OPEN' && type !== 'CLOSED') {
      throw new MedbenchError('data', `${table}: row ${index} has the answer type "${type}", expected OPEN or CLOSED`);
    }
    questions.push({
      qid: Number(field('qid')),
      imageFile,
      question: field('question'),
      answer: field('answer'),
      type: type === 'OPEN' ? 'open' : 'closed',
    });
  }
  return questions;
}

/** The files of the distinct images that the questions are about, sorted by name. */
export const listImages = (questions: readonly VqaRadQuestion[]): string[] =>
  [...new Set(questions.map(({ imageFile }) => imageFile))].sort();
