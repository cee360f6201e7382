import { readFile } from 'node:fs/promises';
import type { Gallery, RunResults } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';
import { isNumber, isObject, isText, listOf, optional, shaped } from './shape.js';

const isItem = (value: unknown): boolean => isObject(value) && (isNumber(value.picture) || isText(value.text));
const items = listOf(isItem);
const BASE64 = /^[A-Za-z0-9+/]+=*$/;

const isGallery = shaped({
  schemaVersion: (value) => value === 1,
  task: 'string',
  pictures: listOf((value) => typeof value === 'string' && BASE64.test(value)),
  parts: listOf(
    shaped({
      protocol: 'string',
      query: (value) => value === 'label' || value === 'image-to-text' || value === 'text-to-image',
      examples: listOf(shaped({ place: 'number', query: items, right: items })),
      rows: listOf(
        shaped({
          id: 'string',
          control: 'boolean',
          said: listOf(shaped({ answers: items, rank: optional(isNumber) })),
        }),
      ),
    }),
  ),
});

/**
 * The galleries of a run folder, of those tasks alone whose pictures its results call shown; what is not there or damaged
 * is left out.
 */
export async function readGalleries(runDir: string, { tasks }: RunResults): Promise<Gallery[]> {
  const found = await Promise.all(
    tasks
      .filter(({ pictures }) => pictures === 'shown')
      .map(async ({ id }): Promise<Gallery[]> => {
        try {
          const file = new RunLayout(runDir).gallery(id);
          const gallery: unknown = JSON.parse(await readFile(file, 'utf8'));
          return isGallery(gallery) ? [gallery as Gallery] : [];
        } catch {
          return [];
        }
      }),
  );
  return found.flat();
}
