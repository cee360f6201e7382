import { printable } from '@medbench/core';
import type { WrittenLeaderboard } from '@medbench/report/leaderboard';
import pc from 'picocolors';
import type { DeclareCommand } from '../command.js';
import { EXIT } from '../errors.js';

interface LeaderboardFlags {
  readonly out: string;
  readonly title?: string;
  readonly json?: boolean;
}

/** Names each source that is left out, with the way out. */
function printRefused({ board: { refused } }: WrittenLeaderboard): void {
  for (const { source, reason, hint } of refused) {
    console.error(`${pc.red('left out')}  ${printable(source)}: ${printable(reason)}`);
    if (hint) console.error(`          ${printable(hint)}`);
  }
}

/** Runs `medbench leaderboard DIR…`. @returns 1 if a source is left out, else 0. */
async function leaderboard(sources: readonly string[], { json, ...options }: LeaderboardFlags): Promise<number> {
  const [{ renderLeaderboardTable, writeLeaderboard }, { openNamedResults }] = await Promise.all([
    import('@medbench/report/leaderboard'),
    import('@medbench/api'),
  ]);
  const open = (source: string) => openNamedResults(source, (text) => console.error(printable(text)));
  const written = await writeLeaderboard(sources, { ...options, open });
  console.error(`Wrote ${written.index}, ${written.data.pages.length - 1} pages of models and tasks, and data.json`);
  if (json) console.log(JSON.stringify(written.data, null, 1));
  else process.stdout.write(renderLeaderboardTable(written.board, { width: process.stdout.columns ?? 160 }));
  printRefused(written);
  return written.board.refused.length > 0 ? EXIT.failed : EXIT.ok;
}

export const leaderboardCommand: DeclareCommand = (program, done) => {
  program
    .command('leaderboard')
    .description(
      'write a static site from many result folders: a table with intervals, ranks and tests, and a page for each model and task',
    )
    .argument(
      '<dir...>',
      'run folders, results of medbench push, folders of these, or hf://datasets/OWNER/NAME[@REVISION]',
    )
    .option('--out <dir>', 'folder of the site', 'leaderboard')
    .option('--title <text>', 'title of the site')
    .option('--json', 'print data.json instead of the table')
    .addHelpText(
      'after',
      `
Folders that hold other seeds, rows or tasks under the same settings count as one, as several machines make them; nothing
is counted twice. Rows under other settings stay apart, and their pages say what differs. Figures are compared on the same
test examples only, as medbench compare does.

Each folder is checked as medbench verify --results does. One that does not pass is named and left out, and the exit code
is 1. The site needs no network and no server, and shows no images and no texts of the data.

Examples:
  medbench leaderboard runs/lab-a runs/lab-b --out site
  medbench leaderboard runs/mine hf://datasets/lab/clip-results --out site
  medbench leaderboard results --out site --title "Chest x-rays"`,
    )
    .action(async (sources, options) => done(await leaderboard(sources, options)));
};
