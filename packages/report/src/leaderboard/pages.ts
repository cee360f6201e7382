import type { Board } from './board.js';
import { type Entry, safeName } from './entries.js';

/** Paths of the pages of a leaderboard, below its folder. */
export const PAGES = {
  index: 'index.html',
  data: 'data.json',
  model: ({ id }: Entry): string => `models/${id}.html`,
  task: (task: string): string => `tasks/${safeName(task)}.html`,
} as const;

/** Ids of the tasks of a leaderboard, in the order of its columns. */
export const listTasks = ({ sets }: Board): string[] => [...new Set(sets.map(({ task }) => task))];

/** Whether a path is that of a page of models or tasks, which a later leaderboard in the same folder may remove. */
export const isPage = (path: unknown): path is string =>
  typeof path === 'string' && /^(models|tasks)\/[a-z0-9-]+\.html$/.test(path);
