import { readFile } from 'node:fs/promises';
import { type Gallery, parseJson, type RunResults } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

/**
 * Reads the galleries of a run folder, only for tasks whose images may be shown according to the results. Missing and
 * damaged galleries are left out.
 */
export async function readGalleries(runDir: string, { tasks }: RunResults): Promise<Gallery[]> {
  const { isGallery } = await import('./schemas.js');
  const galleries = await Promise.all(
    tasks
      .filter(({ pictures: images }) => images === 'shown')
      .map(async ({ id }): Promise<Gallery[]> => {
        try {
          const file = new RunLayout(runDir).gallery(id);
          const gallery: unknown = parseJson(await readFile(file, 'utf8'));
          return isGallery(gallery) ? [gallery as Gallery] : [];
        } catch {
          return [];
        }
      }),
  );
  return galleries.flat();
}
