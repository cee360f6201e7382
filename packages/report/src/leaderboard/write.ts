import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ensureFolder, MedbenchError, parseJson, writeFileAtomic } from '@medbench/core';
import { assembleBoard, type Board } from './board.js';
import { boardData, type LeaderboardData } from './data.js';
import { renderIndex } from './html/index-page.js';
import { renderModel } from './html/model-page.js';
import { renderTask } from './html/task-page.js';
import { isPage, listTasks, PAGES } from './pages.js';
import { type OpenSource, readSources } from './sources.js';

export interface LeaderboardOptions {
  /** Folder of the site. */
  readonly out: string;
  readonly title?: string;
  /** Makes sources available on this machine. Default: they are folders. */
  readonly open?: OpenSource;
}

/** A leaderboard and what was written of it. */
export interface WrittenLeaderboard {
  readonly board: Board;
  readonly data: LeaderboardData;
  /** Path of the front page. */
  readonly index: string;
}

/** Pages of models and tasks that an earlier leaderboard has written into the folder. */
async function earlierPages(out: string): Promise<string[]> {
  try {
    const { pages } = parseJson(await readFile(join(out, PAGES.data), 'utf8')) as { readonly pages?: unknown };
    return Array.isArray(pages) ? pages.filter(isPage) : [];
  } catch {
    return [];
  }
}

/** Refuses to write into a source. */
function requireOutside(out: string, sources: readonly string[]): void {
  const inside = sources.find((source) => resolve(source) === resolve(out));
  if (inside === undefined) return;
  throw new MedbenchError('usage', `--out ${out} is a source itself`, { hint: 'Name another folder with --out.' });
}

function renderPages(board: Board): [path: string, text: string][] {
  return [
    ...board.entries.map((entry): [string, string] => [PAGES.model(entry), renderModel(board, entry)]),
    ...listTasks(board).map((task): [string, string] => [PAGES.task(task), renderTask(board, task)]),
    // Last, so that no link of it leads nowhere while the pages are written.
    [PAGES.index, renderIndex(board)],
  ];
}

/**
 * Writes a leaderboard of many results as a static site: a table of all models, a page for each model and each task, and
 * `data.json`. Sources that are damaged are left out and named. The same sources give the same bytes.
 * @throws MedbenchError('usage') if the folder is a source; ('store') if no source can be read, or the folder cannot be
 *   written. An earlier site then stays.
 */
export async function writeLeaderboard(
  sources: readonly string[],
  { out, title = 'medbench leaderboard', open }: LeaderboardOptions,
): Promise<WrittenLeaderboard> {
  requireOutside(out, sources);
  const found = await readSources(sources, open);
  const [first] = found.refused;
  if (found.read.length === 0 && first) {
    const more = found.refused.length > 1 ? `; none of the other ${found.refused.length - 1} can be read either` : '';
    throw new MedbenchError('store', `${first.reason}${more}`, first.hint ? { hint: first.hint } : {});
  }
  const board = assembleBoard(title, found);
  const pages = renderPages(board);
  const data = boardData(board);
  const earlier = await earlierPages(out);
  for (const folder of ['models', 'tasks']) await ensureFolder(join(out, folder));
  for (const [path, text] of pages) await writeFileAtomic(join(out, path), text);
  const written = new Set(pages.map(([path]) => path));
  for (const path of earlier) if (!written.has(path)) await rm(join(out, path), { force: true });
  await writeFileAtomic(join(out, PAGES.data), `${JSON.stringify(data, null, 1)}\n`);
  return { board, data, index: join(out, PAGES.index) };
}
