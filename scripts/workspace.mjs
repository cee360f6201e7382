// The packages of the workspace, read from disk: the one place that knows where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** @returns {{name: string, dir: string, manifest: Record<string, any>}[]} */
export function workspacePackages() {
  return readdirSync(`${root}packages`)
    .filter((name) => existsSync(`${root}packages/${name}/package.json`))
    .map((name) => {
      const dir = `${root}packages/${name}`;
      return { name, dir, manifest: JSON.parse(readFileSync(`${dir}/package.json`, 'utf8')) };
    });
}
