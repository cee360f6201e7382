import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '@medbench/core';
import { encodeJpeg } from '@medbench/data';
import { streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import type { PhantomQuestion } from '../model.js';
import { askingOrder } from './asking.js';
import { writeImages } from './images.js';

/** One question, with VQA-RAD's field names. */
export interface VqaRadRow {
  readonly qid: number;
  readonly image_name: string;
  readonly image_organ: 'CHEST';
  readonly answer: string | number;
  readonly answer_type: string;
  readonly question_type: string;
  readonly question: string;
  readonly phrase_type: string;
}

/** Numbers of irregular values as in the real training file: integer answers, answer types with a trailing blank. */
const INTEGER_ANSWERS = 10;
const TRAILING_BLANKS = 2;

/**
 * Writes `vqa-rad/{trainset,testset}.json` and `vqa-rad/images/*.jpg` below `folder`: questions on chest X-ray phantoms
 * in VQA-RAD's layout. No image is in both splits, unlike in the real set, whose test images all occur in training.
 */
export async function writeVqaRad(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const { images, train, test } = counts.vqaRad;
  const imageDir = join(folder, 'vqa-rad', 'images');
  await mkdir(imageDir, { recursive: true });
  const cases = Array.from({ length: images }, (_, i) => streamCase(seed, 'vqa-rad', i, 'radiology'));
  const name = (index: number): string => `phantom${String(index).padStart(5, '0')}.jpg`;
  await writeImages(
    images,
    (index) => ({ path: join(imageDir, name(index)), image: cases[index]!.render(size) }),
    (image) => encodeJpeg(image, 92),
  );

  const testImages = train + test === 0 ? 0 : Math.round((images * test) / (train + test));
  const ask = (from: number, to: number, total: number, firstQid: number): VqaRadRow[] => {
    const rows: VqaRadRow[] = [];
    for (let index = from; index < to; index++) {
      const done = index - from;
      const share = Math.floor(((done + 1) * total) / (to - from)) - Math.floor((done * total) / (to - from));
      const stream = random(seed, 'vqa-rad', index, 'asked');
      const questions = cases[index]!.questions;
      for (const questionIndex of askingOrder(questions, stream).slice(0, share)) {
        rows.push(
          row(firstQid + rows.length, name(index), questions[questionIndex]!, stream.pick(['freeform', 'para'])),
        );
      }
    }
    return rows;
  };
  const trainRows = irregular(ask(0, images - testImages, train, 0));
  const testRows = ask(images - testImages, images, test, trainRows.length);
  await writeFile(join(folder, 'vqa-rad', 'trainset.json'), JSON.stringify(trainRows, null, 1));
  await writeFile(join(folder, 'vqa-rad', 'testset.json'), JSON.stringify(testRows, null, 1));
}

const row = (qid: number, image: string, question: PhantomQuestion, phrase: string): VqaRadRow => ({
  qid,
  image_name: image,
  image_organ: 'CHEST',
  answer: question.answer,
  answer_type: question.type.toUpperCase(),
  question_type: question.questionType,
  question: question.question,
  phrase_type: phrase,
});

/** Adds the irregularities of the real training file, which a reader has to accept. */
function irregular(rows: readonly VqaRadRow[]): VqaRadRow[] {
  let integers = 0;
  let blanks = 0;
  return rows.map((row) => {
    if (row.question_type === 'COUNT' && integers++ < INTEGER_ANSWERS) return { ...row, answer: Number(row.answer) };
    if (row.answer_type === 'CLOSED' && blanks++ < TRAILING_BLANKS) return { ...row, answer_type: 'CLOSED ' };
    return row;
  });
}
