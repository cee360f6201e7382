import type { DataContext, RasterImage, Source } from '@medbench/core';
import { deepGreyNote, someFiles } from '@medbench/data';
import { taskInfo } from './info.js';

/**
 * A note, also logged, if 16-bit grey images use a small part of their range, so that a model would see them nearly black.
 * A few images are looked at. Empty if the setting `window` says which levels count.
 */
export async function deepGreyNotes(
  task: object,
  images: Source<RasterImage>,
  { settings, log }: Pick<DataContext, 'settings' | 'log'>,
): Promise<readonly string[]> {
  if ((settings.window ?? 'full') !== 'full') return [];
  const { id, settings: declared } = taskInfo(task);
  const note = await deepGreyNote(await someFiles(images), declared?.window && `taskSettings.${id}.window`);
  if (note === undefined) return [];
  log(`${id}: ${note}`);
  return [note];
}
