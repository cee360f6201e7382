import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GENERAL, type RunLayout } from './layout.js';

/** A part of a run folder that one process writes at a time: that of a row and seed, or of the general-domain weights. */
export type OwnedUnit = { readonly row: string; readonly seed: number } | typeof GENERAL;

/** Names of the temporary files of writers, before they are renamed. */
const UNFINISHED = /\.\d+-[0-9a-f]{8}\.tmp$/;

/** Lists the temporary files in a folder. @param below whether to look into its folders too. */
function list(folder: string, below: boolean): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return below ? list(path, true) : [];
    return entry.isFile() && UNFINISHED.test(entry.name) ? [path] : [];
  });
}

/**
 * Lists the temporary files that processes left in a run folder when they were killed: those of a unit, which
 * only the holder of that unit may remove, or those of the table, which only the holder of the folder's lock may.
 */
export function unfinishedFiles(layout: RunLayout, unit?: OwnedUnit): string[] {
  // Folders of a study's variants have locks of their own.
  if (!unit) return [...list(layout.folder, false), ...layout.written.flatMap((folder) => list(folder, true))];
  if (unit === GENERAL)
    return [layout.checkpoints(GENERAL), layout.unit(GENERAL)].flatMap((folder) => list(folder, true));
  const { row, seed } = unit;
  const cells = dirname(dirname(layout.cell(row, 'task', seed)));
  return [
    ...list(layout.checkpoint(row, seed), true),
    ...list(dirname(layout.embedding(row, seed, 'task')), true),
    ...list(cells, true).filter((path) => path.includes(`seed-${seed}.json.`)),
    ...list(layout.unit(unit), false),
  ];
}
