import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { random } from '@medbench/core';
import { encodeJpeg } from '@medbench/data';
import { streamCase } from '../cases.js';
import type { PhantomManifest } from '../manifest.js';
import { askingOrder } from './asking.js';

/** Rows per row group, as Hugging Face writes tables with images. */
const GROUP = 100;

/** The columns of the Hugging Face copy: an image (the bytes of a file and its path), a question and an answer. */
const SCHEMA = [
  { name: 'schema', num_children: 3 },
  { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'question', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'answer', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
] as const;

/**
 * Writes `path-vqa/data/{train,validation,test}-00000-of-00001.parquet` below `folder`: questions on histology phantoms
 * in the layout of the Hugging Face copy of PathVQA. No image is in two splits.
 */
export async function writePathVqa(folder: string, { seed, size, counts }: PhantomManifest): Promise<void> {
  const { parquetWriteFile } = await import('hyparquet-writer');
  const dir = join(folder, 'path-vqa', 'data');
  await mkdir(dir, { recursive: true });
  for (const split of ['train', 'validation', 'test'] as const) {
    const total = counts.pathVqa[split];
    const rows: { readonly image: { bytes: Uint8Array; path: string }; question: string; answer: string }[] = [];
    for (let index = 0; rows.length < total; index++) {
      const { questions, render } = streamCase(seed, `path-vqa-${split}`, index, 'histopathology');
      const bytes = await encodeJpeg(render(size), 92);
      const order = askingOrder(questions, random(seed, 'path-vqa', split, index, 'asked'));
      for (const questionIndex of order.slice(0, Math.min(5, total - rows.length))) {
        const { question, answer } = questions[questionIndex]!;
        rows.push({ image: { bytes, path: `${split}_${String(index).padStart(4, '0')}.jpg` }, question, answer });
      }
    }
    const columnData = (['image', 'question', 'answer'] as const).map((name) => ({
      name,
      data: rows.map((row) => row[name]),
    }));
    const filename = join(dir, `${split}-00000-of-00001.parquet`);
    const huggingface = { info: { features: { image: { _type: 'Image' } } } };
    await parquetWriteFile({
      filename,
      columnData,
      schema: [...SCHEMA],
      rowGroupSize: GROUP,
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify(huggingface) }],
    });
  }
}
