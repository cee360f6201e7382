// Lists the packages of the workspace from disk. No other script spells their folders.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {readonly string[]} folders
 * @returns {{name: string, dir: string, manifest: Record<string, any>}[]}
 */
export function workspacePackages(folders = ['packages']) {
  return folders.flatMap((folder) =>
    readdirSync(`${root}${folder}`)
      .filter((name) => existsSync(`${root}${folder}/${name}/package.json`))
      .map((name) => {
        const dir = `${root}${folder}/${name}`;
        return { name, dir, manifest: JSON.parse(readFileSync(`${dir}/package.json`, 'utf8')) };
      }),
  );
}
