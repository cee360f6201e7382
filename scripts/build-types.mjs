// Writes the .d.ts files of all packages in one compiler run, each beside its JavaScript file.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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
  if (!existsSync(types)) continue;
  removeTypes(`${dir}/dist`);
  cpSync(types, `${dir}/dist`, { recursive: true });
}
rmSync(out, { recursive: true, force: true });

/** Removes what an earlier build wrote, of modules that may be gone. */
function removeTypes(folder) {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder, { recursive: true })) if (file.endsWith('.d.ts')) rmSync(join(folder, file));
}
