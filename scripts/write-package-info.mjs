// Writes dist/medbench.json of every plugin package, from which listings read the info. Run by the build.
import { workspacePackages } from './workspace.mjs';

const { writePackageInfo } = await import('../packages/core/dist/build/index.js');
for (const { dir, manifest } of workspacePackages(['packages', 'examples'])) {
  // A package with a build of its own writes them there.
  if (manifest.medbench?.entry && !manifest.scripts?.build) await writePackageInfo(dir);
}
