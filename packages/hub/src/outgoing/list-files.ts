import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Lists all files below a folder, sorted, with `/` between folders. */
export const listFiles = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? listFiles(join(folder, entry.name)).map((name) => `${entry.name}/${name}`) : [entry.name],
    )
    .sort();
