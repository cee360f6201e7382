import { readFile } from 'node:fs/promises';
import type { Gallery, RunResults } from '@medbench/core';
import { RunLayout } from '@medbench/runner/layout';

/**
 * The galleries of a run folder, of those tasks alone whose images its results call shown; what is not there or damaged
 * is left out.
 */
export async function readGalleries(runDir: string, { tasks }: RunResults): Promise<Gallery[]> {
  const { isGallery } = await import('./schemas.js');
  const galleries = await Promise.all(
    tasks
      .filter(({ pictures: images }) => images === 'shown')
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
  return galleries.flat();
}
