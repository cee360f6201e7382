// Writes dist/medbench.json of every plugin package. Listings read it instead of importing code. Part of the build.
import { workspacePackages } from './workspace.mjs';

const { writePackageInfo } = await import('../packages/core/dist/build/index.js');
for (const { dir, manifest } of workspacePackages(['packages', 'examples'])) {
  // A package with its own build script writes the file in that build.
  if (manifest.medbench?.entry && !manifest.scripts?.build) await writePackageInfo(dir);
}
