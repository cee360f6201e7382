// Writes the .d.ts files of all packages in one compiler run, each beside its JavaScript file.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { root, workspacePackages } from './workspace.mjs';

const out = `${root}.types`;
rmSync(out, { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  [`${root}node_modules/typescript-7/bin/tsc`, '-p', `${root}tsconfig.build.json`],
  {
    stdio: 'inherit',
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
for (const { name, dir } of workspacePackages()) {
  const types = `${out}/${name}/src`;
  if (existsSync(types)) cpSync(types, `${dir}/dist`, { recursive: true });
}
rmSync(out, { recursive: true, force: true });
